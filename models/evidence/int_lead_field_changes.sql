with

lead_versions as (

    select * from {{ ref('stg_crm__leads') }}

),

lead_attributes as (

    select * from {{ ref('stg_crm__lead_attributes') }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

),

stated as (

    {{ stack_columns(
        'lead_versions',
        ['phone', 'job_title', 'company_name', 'company_domain', 'industry', 'employee_count',
        'annual_revenue', 'country', 'region', 'city', 'lead_source', 'account_id', 'owner_id',
        'lifecycle_stage', 'do_not_contact'],
        keys=('lead_id', 'updated_at', '_loaded_at')
    ) }}
    union all
    select
        lead_id,
        updated_at,
        _loaded_at,
        attribute,
        value
    from lead_attributes

),

dated as (

    select
        lead_id,
        attribute,
        {{ optional_text('value') }} as value,
        cast(updated_at as date) as updated_on,
        cast(_loaded_at as date) as loaded_on,
        lag({{ optional_text('value') }}) over (
            partition by lead_id, attribute order by updated_at, _loaded_at
        ) as value_before,
        row_number() over (
            partition by lead_id, attribute order by updated_at, _loaded_at
        ) as version_number
    from stated

),

first_versions as (

    select
        lead_id,
        min(cast(created_at as date)) as created_on
    from lead_versions
    group by lead_id

)

-- What a lead was created with is no change; a custom attribute that came later is one.
select
    lead_numbers.lead_no,
    dated.attribute,
    max(case when dated.value is not null then 1 else 0 end) = 1 as was_ever_filled,
    min(
        case
            when
                dated.value is distinct from dated.value_before
                and (dated.version_number > 1 or dated.updated_on > first_versions.created_on)
                then dated.updated_on
        end
    ) as changed_on,
    min(case when dated.value is not null then dated.updated_on end) as filled_on,
    min(case when dated.value is not null then dated.loaded_on end) as filled_known_on
from dated
inner join lead_numbers on dated.lead_id = lead_numbers.lead_id
inner join first_versions on dated.lead_id = first_versions.lead_id
group by lead_numbers.lead_no, dated.attribute
