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

tier_bands as (

    select * from {{ ref('tier_bands') }}

),

all_fields as (

    select
        as_of_date,
        model_id,
        lead_id,
        lowest_score,
        highest_score
    from unknown_scores
    where field = ''

),

listed_fields as (

    select
        as_of_date,
        model_id,
        lead_id,
        {{ dbt.listagg('field', "'|'", 'order by field') }} as unknown_fields
    from unknown_scores
    where field <> ''
    group by as_of_date, model_id, lead_id

),

-- Of fields that are as likely to decide, the one that can move the score further.
ranked_fields as (

    select
        *,
        row_number() over (
            partition by as_of_date, model_id, lead_id
            order by coalesce(probability, 0) desc, highest_score - lowest_score desc, field
        ) as place
    from field_chances

),

ranges as (

    select
        lead_scores.as_of_date,
        lead_scores.model_id,
        lead_scores.lead_id,
        coalesce(all_fields.lowest_score, lead_scores.score) as lowest_score,
        coalesce(all_fields.highest_score, lead_scores.score) as highest_score
    from lead_scores
    left join all_fields
        on
        lead_scores.as_of_date = all_fields.as_of_date
        and lead_scores.model_id = all_fields.model_id
        and lead_scores.lead_id = all_fields.lead_id

)

select
    ranges.as_of_date,
    ranges.model_id,
    ranges.lead_id,
    ranges.lowest_score,
    ranges.highest_score,
    listed_fields.unknown_fields,
    lowest_bands.tier as lowest_tier,
    highest_bands.tier as highest_tier,
    ranked_fields.field as deciding_field,
    ranked_fields.probability as deciding_probability
from ranges
left join listed_fields
    on
    ranges.as_of_date = listed_fields.as_of_date
    and ranges.model_id = listed_fields.model_id
    and ranges.lead_id = listed_fields.lead_id
left join tier_bands as lowest_bands
    on
    ranges.model_id = lowest_bands.model_id
    and ranges.lowest_score >= lowest_bands.from_score
    and (ranges.lowest_score < lowest_bands.below_score or lowest_bands.below_score is null)
left join tier_bands as highest_bands
    on
    ranges.model_id = highest_bands.model_id
    and ranges.highest_score >= highest_bands.from_score
    and (ranges.highest_score < highest_bands.below_score or highest_bands.below_score is null)
left join ranked_fields
    on
    ranges.as_of_date = ranked_fields.as_of_date
    and ranges.model_id = ranked_fields.model_id
    and ranges.lead_id = ranked_fields.lead_id
    and ranked_fields.place = 1
