with

leads as (

    select * from {{ ref('int_leads') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

lead_won_opportunities as (

    select * from {{ ref('int_lead_won_opportunities') }}

),

lead_recency as (

    select * from {{ ref('int_lead_recency') }}

),

job_titles as (

    select * from {{ ref('int_job_titles') }}

),

ip_organizations as (

    select * from {{ ref('int_ip_organizations') }}

),

-- What is left of the lists without the companies that stand on them by mistake.
free_mail_domains as (

    select lower(trim(domain)) as domain from {{ ref('free_mail_domains') }}
    except
    select lower(trim(domain)) as domain from {{ ref('corporate_mail_domains') }}

),

disposable_mail_domains as (

    select lower(trim(domain)) as domain from {{ ref('disposable_mail_domains') }}
    except
    select lower(trim(domain)) as domain from {{ ref('corporate_mail_domains') }}

),

role_mailboxes as (

    select distinct lower(trim(local_part)) as local_part from {{ ref('role_mailboxes') }}

),

-- What one text tells is read before anything is joined: engines that keep each text of a column
-- once read it once.
parsed as (

    select
        *,
        case when {{ is_valid_email('email') }} then split_part(email, '@', 1) end
            as email_local_part,
        case when {{ is_valid_email('email') }} then split_part(email, '@', 2) end
            as email_domain,
        {{ web_domain('company_domain') }} as company_web_domain,
        case
            when first_name is null and last_name is null then 'missing'
            when {{ pattern_is_found(
                "coalesce(first_name, '') || coalesce(last_name, '')", "'[0-9]'"
            ) }}
                then 'digits'
            when
                {{ has_letter_run("coalesce(first_name, '')") }}
                or {{ has_letter_run("coalesce(last_name, '')") }}
                then 'repeated'
            when
                {{ is_latin_without_vowel("coalesce(first_name, '')") }}
                or {{ is_latin_without_vowel("coalesce(last_name, '')") }}
                then 'no_vowel'
            else 'ok'
        end as name_quality,
        {{ phone_quality('phone') }} as phone_quality
    from leads

),

profiles as (

    select
        parsed.*,
        accounts.account_name,
        accounts.account_domain,
        accounts.account_industry,
        accounts.account_employee_count,
        accounts.account_annual_revenue,
        accounts.account_country,
        accounts.account_is_customer,
        case
            when parsed.email is null then 'missing'
            when parsed.email_domain is null then 'invalid'
            when disposable_mail_domains.domain is not null then 'disposable'
            when free_mail_domains.domain is not null then 'free'
            when role_mailboxes.local_part is not null then 'role'
            else 'corporate'
        end as email_kind,
        parsed.email_domain = parsed.company_web_domain
        or right(parsed.email_domain, length(parsed.company_web_domain) + 1)
        = '.' || parsed.company_web_domain as email_matches_company,
        job_titles.job_level,
        job_titles.job_function,
        case
            when parsed.company_name is not null or parsed.company_domain is not null then 'stated'
            when parsed.ip_organization is null then 'missing'
            when ip_organizations.is_internet_provider then 'isp'
            else 'inferred'
        end as company_source,
        coalesce(lead_won_opportunities.won_opportunities, 0) as won_opportunities,
        coalesce(lead_won_opportunities.won_opportunities, 0) > 0
        or coalesce(accounts.account_is_customer, false) as is_existing_customer,
        lead_recency.days_since_last_activity,
        cast(parsed.as_of_date - lead_recency.last_activity_days_ago as date) as last_activity_on,
        coalesce(lead_recency.active_days_30, 0) as active_days_30,
        lead_recency.activity_surge,
        {{ activity_state('lead_recency.active_days_30', 'lead_recency.days_since_last_activity') }}
            as activity_state,
        {{ days_between('cast(parsed.created_at as date)', 'parsed.as_of_date') }} as lead_age_days
    from parsed
    left join accounts
        on parsed.as_of_date = accounts.as_of_date and parsed.account_id = accounts.account_id
    left join lead_won_opportunities
        on parsed.as_of_date = lead_won_opportunities.as_of_date
        and parsed.lead_id = lead_won_opportunities.lead_id
    left join lead_recency
        on parsed.as_of_date = lead_recency.as_of_date and parsed.lead_no = lead_recency.lead_no
    left join job_titles on parsed.job_title = job_titles.job_title
    left join ip_organizations on parsed.ip_organization = ip_organizations.ip_organization
    left join disposable_mail_domains on parsed.email_domain = disposable_mail_domains.domain
    left join free_mail_domains on parsed.email_domain = free_mail_domains.domain
    left join role_mailboxes on parsed.email_local_part = role_mailboxes.local_part

)

select * from profiles
