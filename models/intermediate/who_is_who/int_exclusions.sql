with

profiles as (

    select * from {{ ref('int_lead_profiles') }}

),

people as (

    select * from {{ ref('int_people') }}

),

exclusion_rules as (

    select
        trim(kind) as kind,
        lower(trim(value)) as value,
        trim(reason) as reason,
        {{ read_date('valid_from') }} as valid_from,
        {{ read_date('valid_to') }} as valid_to
    from {{ ref('exclusions') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

reasons_of_every_model as (

    select
        profiles.as_of_date,
        profiles.lead_no,
        exclusion_rules.reason
    from profiles
    inner join exclusion_rules
        on
        exclusion_rules.value = case exclusion_rules.kind
            when 'email' then profiles.email
            when 'email_domain' then profiles.email_domain
            when 'lead_id' then lower(profiles.lead_id)
            when 'account_id' then lower(profiles.account_id)
        end
        and {{ is_valid_on('exclusion_rules', 'profiles.as_of_date') }}
    union
    select
        as_of_date,
        lead_no,
        'Asked not to be contacted' as reason
    from profiles
    where do_not_contact
    union
    select
        as_of_date,
        lead_no,
        'Duplicate of the lead ' || person_lead_id as reason
    from people
    where lead_id <> person_lead_id

),

reasons as (

    select
        reasons_of_every_model.as_of_date,
        scored_models.model_no,
        reasons_of_every_model.lead_no,
        reasons_of_every_model.reason
    from reasons_of_every_model
    cross join scored_models
    union all
    select
        profiles.as_of_date,
        scored_models.model_no,
        profiles.lead_no,
        'Is a customer already' as reason
    from profiles
    inner join scored_models on scored_models.excludes_customers
    where profiles.is_existing_customer

),

joined as (

    select
        as_of_date,
        model_no,
        lead_no,
        {{ dbt.listagg('reason', "'; '", 'order by reason') }} as exclusion_reason
    from reasons
    group by as_of_date, model_no, lead_no

)

select * from joined
