with

lead_unknown_sets as (

    select * from {{ ref('int_lead_unknown_sets') }}

),

set_ranges as (

    select * from {{ ref('unknown_set_ranges') }}

),

completeness as (

    select * from {{ ref('int_lead_completeness') }}

),

completeness_ranges as (

    select * from {{ ref('completeness_ranges') }}
    where fields_to_fill > 0

),

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

model_limits as (

    select * from {{ ref('model_limits') }}

),

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

banded_totals as (

    select
        lead_totals.*,
        model_tiers.enter_at as tier_from_score,
        model_tiers.next_enter_at as tier_below_score
    from lead_totals
    left join model_tiers
        on
        lead_totals.model_no = model_tiers.model_no
        and lead_totals.score >= model_tiers.enter_at
        and (lead_totals.score < model_tiers.next_enter_at or model_tiers.next_enter_at is null)

),

-- What the rules of each dimension would give in place of what they give now.
other_points as (

    select
        banded_totals.as_of_date,
        banded_totals.lead_no,
        banded_totals.model_no,
        set_ranges.field_no,
        banded_totals.score,
        banded_totals.tier_from_score,
        banded_totals.tier_below_score,
        banded_totals.dimension_points,
        model_limits.min_score,
        model_limits.max_score,
        {{ each_dimension('banded_totals.{}_points as {}_now', fit_dimensions()) }},
        {{ each_dimension('model_limits.{}_low', fit_dimensions()) }},
        {{ each_dimension('model_limits.{}_high', fit_dimensions()) }},
        {{ each_dimension(
            'greatest(set_ranges.{}_counts, coalesce(completeness_ranges.{}_counts, 0))'
            ~ ' as {}_counts', fit_dimensions()
        ) }},
        {{ each_dimension(
            'banded_totals.{}_rule_points - set_ranges.{}_points'
            ~ ' - coalesce(completeness_ranges.{}_points, 0)'
            ~ ' + coalesce(completeness_ranges.{}_filled_points, 0) as {}_others',
            fit_dimensions()
        ) }},
        {{ each_dimension(
            'banded_totals.{}_rule_points - set_ranges.{}_points + set_ranges.{}_lowest_points'
            ~ ' - coalesce(completeness_ranges.{}_points, 0)'
            ~ ' + coalesce(completeness_ranges.{}_lowest_points, 0) as {}_lowest',
            fit_dimensions()
        ) }},
        {{ each_dimension(
            'banded_totals.{}_rule_points - set_ranges.{}_points + set_ranges.{}_highest_points'
            ~ ' - coalesce(completeness_ranges.{}_points, 0)'
            ~ ' + coalesce(completeness_ranges.{}_highest_points, 0) as {}_highest',
            fit_dimensions()
        ) }}
    from lead_unknown_sets
    inner join set_ranges
        on
        lead_unknown_sets.as_of_date = set_ranges.as_of_date
        and lead_unknown_sets.set_no = set_ranges.set_no
    inner join banded_totals
        on
        lead_unknown_sets.as_of_date = banded_totals.as_of_date
        and lead_unknown_sets.lead_no = banded_totals.lead_no
        and set_ranges.model_no = banded_totals.model_no
    inner join model_limits on set_ranges.model_no = model_limits.model_no
    left join completeness
        on
        lead_unknown_sets.as_of_date = completeness.as_of_date
        and lead_unknown_sets.lead_no = completeness.lead_no
        and set_ranges.model_no = completeness.model_no
    left join completeness_ranges
        on
        completeness.as_of_date = completeness_ranges.as_of_date
        and completeness.model_no = completeness_ranges.model_no
        and completeness.filled_fields = completeness_ranges.filled_fields
        and set_ranges.fields_to_fill = completeness_ranges.fields_to_fill

),

moved as (

    select
        *,
        dimension_points + {{ sum_of_dimensions(
            '(' ~ hold_within('{}_others', '{}_low', '{}_high') ~ ' - {}_now)', fit_dimensions()
        ) }} as other_points,
        dimension_points + {{ sum_of_dimensions(
            '(' ~ hold_within('{}_lowest', '{}_low', '{}_high') ~ ' - {}_now)', fit_dimensions()
        ) }} as lowest_points,
        dimension_points + {{ sum_of_dimensions(
            '(' ~ hold_within('{}_highest', '{}_low', '{}_high') ~ ' - {}_now)', fit_dimensions()
        ) }} as highest_points
    from other_points

),

ranges as (

    select
        as_of_date,
        lead_no,
        model_no,
        field_no,
        score,
        tier_from_score,
        tier_below_score,
        cast({{ hold_within('lowest_points', 'min_score', 'max_score') }} as {{ type_points() }})
            as lowest_score,
        cast({{ hold_within('highest_points', 'min_score', 'max_score') }} as {{ type_points() }})
            as highest_score,
        cast(other_points as {{ type_points() }}) as other_points,
        {{ each_dimension(
            'cast(case when {}_counts = 1 then {}_others else 0 end as ' ~ type_points()
            ~ ') as {}_points', fit_dimensions()
        ) }}
    from moved

)

select
    *,
    coalesce(lowest_score < tier_from_score, false)
    or coalesce(highest_score >= tier_below_score, false) as can_change_tier
from ranges
