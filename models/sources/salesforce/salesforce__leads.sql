with

lead_versions as (

    select * from {{ ref('salesforce__lead_versions') }}

),

contact_versions as (

    select * from {{ ref('salesforce__contact_versions') }}

),

accounts as (

    select * from {{ ref('salesforce__account_versions') }}
    where is_newest

),

people as (

    select * from {{ ref('salesforce__people') }}

),

merged_records as (

    select * from {{ ref('salesforce__merges') }}

),

currencies as (

    select * from {{ ref('salesforce__currencies') }}

),

{{ contacts_from() }},

of_leads as (

    select
        coalesce(people.own_id, versions.id) as own_id,
        {%- for name in shared_fields() %}
        versions.{{ name }},
        {%- endfor %}
        {%- for name in company_fields() %}
        versions.{{ name }},
        {%- endfor %}
        coalesce(versions.country_code, versions.country) as country,
        versions.state,
        versions.city,
        -- A lead has no account; the contact that it became has.
        case
            when versions.updated_at >= versions.converted_date then versions.converted_account_id
        end as account_id,
        versions.status,
        versions.is_deleted,
        versions.created_at,
        versions.updated_at,
        versions.loaded_at,
        versions._file_name,
        versions.is_newest and contacts_from.own_id is null as is_newest
    from lead_versions as versions
    left join people on versions.id = people.record_id
    left join contacts_from on versions.id = contacts_from.own_id
    where contacts_from.own_id is null or versions.updated_at < contacts_from.updated_at

),

of_contacts as (

    select
        coalesce(people.own_id, versions.id) as own_id,
        {%- for name in shared_fields() %}
        versions.{{ name }},
        {%- endfor %}
        -- A contact says nothing of its company: what the lead said stands while the account is
        -- that of the conversion, else it is the account that says it.
        {%- for name, of_account in company_fields().items() %}
        case
            when origins.id is not null
                and coalesce(versions.account_id, origins.converted_account_id, '')
                = coalesce(origins.converted_account_id, '')
                then origins.{{ name }}
            else accounts.{{ of_account }}
        end as {{ name }},
        {%- endfor %}
        coalesce(versions.mailing_country_code, versions.mailing_country) as country,
        versions.mailing_state as state,
        versions.mailing_city as city,
        versions.account_id,
        origins.status,
        versions.is_deleted,
        coalesce(origins.created_at, versions.created_at) as created_at,
        versions.updated_at,
        versions.loaded_at,
        versions._file_name,
        versions.is_newest
    from contact_versions as versions
    left join people on versions.id = people.record_id
    left join lead_versions as origins on people.own_id = origins.id and origins.is_newest
    left join merged_records as account_merges on versions.account_id = account_merges.loser_id
    left join accounts on coalesce(account_merges.survivor_id, versions.account_id) = accounts.id

),

versions as (

    select * from of_leads
    union all
    select * from of_contacts

),

judged as (

    select
        versions.*,
        ended.ended_at,
        ended.own_id is not null and ended.ended_at is null as was_never
    from versions
    left join people as ended
        on versions.own_id = ended.own_id and ended.has_ended and ended.record_id = ended.own_id

),

-- Whoever became somebody else is deleted from then on.
all_versions as (

    select * from judged
    where ended_at is null or updated_at < ended_at
    union all
    select
        own_id,
        {%- for name in shared_fields() + company_fields().keys() | list %}
        {{ name }},
        {%- endfor %}
        country,
        state,
        city,
        account_id,
        status,
        true as is_deleted,
        created_at,
        ended_at as updated_at,
        {{ later_of('loaded_at', 'ended_at') }} as loaded_at,
        _file_name,
        is_newest,
        ended_at,
        was_never
    from judged
    where ended_at is not null and is_newest

)

select
    {{ vendor_key('salesforce', 'own_id') }} as lead_id,
    email,
    first_name,
    last_name,
    coalesce(phone, mobile_phone) as phone,
    title as job_title,
    company as company_name,
    {{ web_host('website') }} as company_domain,
    industry,
    {{ plain_number('number_of_employees') }} as employee_count,
    {{ plain_amount('annual_revenue', 'currency_iso_code', 'currencies.factor') }}
        as annual_revenue,
    country,
    state as region,
    city,
    lead_source,
    {{ vendor_key('salesforce', 'coalesce(account_merges.survivor_id, account_id)') }}
        as account_id,
    {{ vendor_key('salesforce', 'owner_id') }} as owner_id,
    status as lifecycle_stage,
    has_opted_out_of_email as do_not_contact,
    is_deleted or was_never as is_deleted,
    created_at,
    updated_at,
    loaded_at as _loaded_at,
    _file_name
from all_versions
left join merged_records as account_merges on all_versions.account_id = account_merges.loser_id
left join currencies on upper(all_versions.currency_iso_code) = currencies.iso_code
