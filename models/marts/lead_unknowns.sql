{{ config(materialized='view') }}

with

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

lead_unknown_sets as (

    select * from {{ ref('int_lead_unknown_sets') }}

),

set_ranges as (

    select * from {{ ref('unknown_set_ranges') }}

),

unknown_scores as (

    select * from {{ ref('unknown_scores') }}
    where field_no = 0

),

tier_change_probabilities as (

    select * from {{ ref('tier_change_probabilities') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

),

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

fields_of_sets as (

    select
        set_ranges.as_of_date,
        set_ranges.model_no,
        set_ranges.set_no,
        {{ dbt.listagg(
            'named_attributes.attribute', "'|'", 'order by named_attributes.attribute'
        ) }} as unknown_fields
    from set_ranges
    inner join named_attributes on set_ranges.field_no = named_attributes.attribute_no
    group by set_ranges.as_of_date, set_ranges.model_no, set_ranges.set_no

),

-- Of fields that are as likely to decide, the one that can move the score further.
ranked_fields as (

    select
        *,
        row_number() over (
            partition by as_of_date, model_no, lead_no
            order by coalesce(probability, 0) desc, highest_score - lowest_score desc, field_no
        ) as place
    from tier_change_probabilities

),

ranges as (

    select
        lead_totals.as_of_date,
        lead_totals.model_no,
        lead_totals.lead_no,
        coalesce(unknown_scores.lowest_score, lead_totals.score) as lowest_score,
        coalesce(unknown_scores.highest_score, lead_totals.score) as highest_score,
        fields_of_sets.unknown_fields
    from lead_totals
    left join unknown_scores
        on
        lead_totals.as_of_date = unknown_scores.as_of_date
        and lead_totals.model_no = unknown_scores.model_no
        and lead_totals.lead_no = unknown_scores.lead_no
    left join lead_unknown_sets
        on
        lead_totals.as_of_date = lead_unknown_sets.as_of_date
        and lead_totals.lead_no = lead_unknown_sets.lead_no
    left join fields_of_sets
        on
        lead_totals.as_of_date = fields_of_sets.as_of_date
        and lead_totals.model_no = fields_of_sets.model_no
        and lead_unknown_sets.set_no = fields_of_sets.set_no

)

select
    ranges.as_of_date,
    scored_models.model_id,
    lead_numbers.lead_id,
    cast(ranges.lowest_score as decimal(12, 4)) as lowest_score,
    cast(ranges.highest_score as decimal(12, 4)) as highest_score,
    ranges.unknown_fields,
    lowest_tiers.tier as lowest_tier,
    highest_tiers.tier as highest_tier,
    named_attributes.attribute as deciding_field,
    cast(ranked_fields.probability as decimal(5, 4)) as deciding_probability
from ranges
inner join scored_models on ranges.model_no = scored_models.model_no
inner join lead_numbers on ranges.lead_no = lead_numbers.lead_no
left join model_tiers as lowest_tiers
    on
    ranges.model_no = lowest_tiers.model_no
    and ranges.lowest_score >= lowest_tiers.enter_at
    and (ranges.lowest_score < lowest_tiers.next_enter_at or lowest_tiers.next_enter_at is null)
left join model_tiers as highest_tiers
    on
    ranges.model_no = highest_tiers.model_no
    and ranges.highest_score >= highest_tiers.enter_at
    and (ranges.highest_score < highest_tiers.next_enter_at or highest_tiers.next_enter_at is null)
left join ranked_fields
    on
    ranges.as_of_date = ranked_fields.as_of_date
    and ranges.model_no = ranked_fields.model_no
    and ranges.lead_no = ranked_fields.lead_no
    and ranked_fields.place = 1
left join named_attributes on ranked_fields.field_no = named_attributes.attribute_no
