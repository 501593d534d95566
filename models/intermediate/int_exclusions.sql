with

profiles as (

    select * from {{ ref('int_lead_profiles') }}

),

exclusion_rules as (

    select * from {{ ref('exclusion_rules') }}

),

reasons as (

    select
        profiles.as_of_date,
        profiles.lead_id,
        exclusion_rules.reason
    from profiles
    inner join exclusion_rules
        on exclusion_rules.value = case exclusion_rules.kind
            when 'email' then profiles.email
            when 'email_domain' then profiles.email_domain
            when 'lead_id' then lower(profiles.lead_id)
            when 'account_id' then lower(profiles.account_id)
        end
        and {{ is_valid_on('exclusion_rules', 'profiles.as_of_date') }}
    union
    select
        as_of_date,
        lead_id,
        'Asked not to be contacted' as reason
    from profiles
    where do_not_contact

),

exclusions as (

    select
        as_of_date,
        lead_id,
        {{ dbt.listagg('reason', "'; '", 'order by reason') }} as exclusion_reason
    from reasons
    group by as_of_date, lead_id

)

select * from exclusions
