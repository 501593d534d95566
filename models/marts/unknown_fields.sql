with

leads_that_count as (

    select * from {{ ref('int_leads_not_excluded') }}

),

unknown_scores as (

    select * from {{ ref('unknown_scores') }}
    where field_no > 0

),

tier_change_probabilities as (

    select * from {{ ref('tier_change_probabilities') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

counted as (

    select
        as_of_date,
        model_id,
        count(*) as leads
    from leads_that_count
    group by as_of_date, model_id

),

missing_numbers as (

    select
        unknown_scores.as_of_date,
        leads_that_count.model_id,
        unknown_scores.field_no,
        count(*) as leads_missing,
        count(tier_change_probabilities.field_no) as leads_whose_tier_hangs_on_it,
        coalesce(sum(tier_change_probabilities.probability), 0) as expected_tier_changes
    from unknown_scores
    inner join leads_that_count
        on
        unknown_scores.as_of_date = leads_that_count.as_of_date
        and unknown_scores.model_no = leads_that_count.model_no
        and unknown_scores.lead_no = leads_that_count.lead_no
    left join tier_change_probabilities
        on
        unknown_scores.as_of_date = tier_change_probabilities.as_of_date
        and unknown_scores.model_no = tier_change_probabilities.model_no
        and unknown_scores.lead_no = tier_change_probabilities.lead_no
        and unknown_scores.field_no = tier_change_probabilities.field_no
    group by unknown_scores.as_of_date, leads_that_count.model_id, unknown_scores.field_no

),

missing as (

    select
        missing_numbers.*,
        named_attributes.attribute as field
    from missing_numbers
    inner join named_attributes on missing_numbers.field_no = named_attributes.attribute_no

)

select
    missing.as_of_date,
    missing.model_id,
    missing.field as attribute,
    cast(missing.leads_missing as {{ dbt.type_bigint() }}) as leads_missing,
    {{ percentage_of('missing.leads_missing', 'counted.leads') }} as leads_missing_pct,
    cast(missing.leads_whose_tier_hangs_on_it as {{ dbt.type_bigint() }})
        as leads_whose_tier_hangs_on_it,
    cast(missing.expected_tier_changes as decimal(12, 4)) as expected_tier_changes,
    cast(
        row_number() over (
            partition by missing.as_of_date, missing.model_id
            order by
                missing.expected_tier_changes desc nulls last,
                missing.leads_whose_tier_hangs_on_it desc nulls last,
                missing.leads_missing desc, missing.field asc
        ) as {{ dbt.type_bigint() }}
    ) as rank
from missing
inner join counted
    on missing.as_of_date = counted.as_of_date and missing.model_id = counted.model_id
