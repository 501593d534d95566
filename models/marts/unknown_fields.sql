with

lead_scores as (

    select * from {{ ref('lead_scores') }}

),

unknown_scores as (

    select * from {{ ref('unknown_scores') }}

),

field_chances as (

    select * from {{ ref('field_chances') }}

),

leads as (

    select
        as_of_date,
        model_id,
        lead_id
    from lead_scores
    where not is_excluded

),

counted as (

    select
        as_of_date,
        model_id,
        count(*) as leads
    from leads
    group by as_of_date, model_id

),

missing as (

    select
        unknown_scores.as_of_date,
        unknown_scores.model_id,
        unknown_scores.field,
        count(*) as leads_missing,
        count(field_chances.field) as leads_whose_tier_hangs_on_it,
        coalesce(sum(field_chances.probability), 0) as expected_tier_changes
    from unknown_scores
    inner join leads
        on
        unknown_scores.as_of_date = leads.as_of_date
        and unknown_scores.model_id = leads.model_id
        and unknown_scores.lead_id = leads.lead_id
    left join field_chances
        on
        unknown_scores.as_of_date = field_chances.as_of_date
        and unknown_scores.model_id = field_chances.model_id
        and unknown_scores.lead_id = field_chances.lead_id
        and unknown_scores.field = field_chances.field
    where unknown_scores.field <> ''
    group by unknown_scores.as_of_date, unknown_scores.model_id, unknown_scores.field

)

select
    missing.as_of_date,
    missing.model_id,
    missing.field as attribute,
    cast(missing.leads_missing as {{ dbt.type_bigint() }}) as leads_missing,
    cast(100.0 * missing.leads_missing / counted.leads as decimal(5, 2)) as leads_missing_pct,
    cast(missing.leads_whose_tier_hangs_on_it as {{ dbt.type_bigint() }})
        as leads_whose_tier_hangs_on_it,
    cast(missing.expected_tier_changes as decimal(12, 4)) as expected_tier_changes,
    cast(
        row_number() over (
            partition by missing.as_of_date, missing.model_id
            order by
                missing.expected_tier_changes desc, missing.leads_whose_tier_hangs_on_it desc,
                missing.leads_missing desc, missing.field asc
        ) as {{ dbt.type_bigint() }}
    ) as rank
from missing
inner join counted
    on missing.as_of_date = counted.as_of_date and missing.model_id = counted.model_id
