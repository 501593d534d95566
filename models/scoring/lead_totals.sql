with

leads as (

    select * from {{ ref('int_leads') }}

),

rule_points as (

    select * from {{ ref('rule_points') }}

),

rules as (

    select * from {{ ref('rules') }}

),

model_limits as (

    select * from {{ ref('model_limits') }}

),

weighed as (

    select
        rule_points.as_of_date,
        rule_points.lead_no,
        rules.model_no,
        rules.dimension,
        rule_points.raw_points,
        rule_points.points,
        {{ reason_key('rule_points.points', 'rule_points.rule_no') }} as reason_key
    from rule_points
    inner join rules on rule_points.rule_no = rules.rule_no

),

summed as (

    select
        as_of_date,
        lead_no,
        model_no,
        {{ each_dimension("sum(case when dimension = '{}' then points else 0 end) as {}_sum") }},
        sum(case when dimension = 'behavioral' then raw_points else 0 end) as undecayed_sum,
        {{ largest('reason_key', 'points <> 0') }} as reasons,
        {{ largest('reason_key', 'points > 0') }} as reasons_for,
        {{ largest('reason_key', 'points < 0') }} as reasons_against
    from weighed
    group by as_of_date, lead_no, model_no

),

-- Every lead in every dimension, also where no rule was met: a minimum above 0 holds there too.
side_by_side as (

    select
        leads.as_of_date,
        leads.lead_no,
        model_limits.*,
        {{ each_dimension(
            "cast(coalesce(summed.{}_sum, 0) as " ~ type_points() ~ ") as {}_rule_points"
        ) }},
        {{ each_dimension(
            "cast(" ~ hold_within(
                'coalesce(summed.{}_sum, 0)', 'model_limits.{}_low', 'model_limits.{}_high'
            ) ~ " as " ~ type_points() ~ ") as {}_points"
        ) }},
        coalesce(summed.undecayed_sum, 0) as behavioral_points_undecayed,
        summed.reasons,
        summed.reasons_for,
        summed.reasons_against
    from leads
    cross join model_limits
    left join summed
        on
        leads.as_of_date = summed.as_of_date
        and leads.lead_no = summed.lead_no
        and model_limits.model_no = summed.model_no

),

totals as (

    select
        *,
        cast({{ sum_of_dimensions('{}_points') }} as {{ type_points() }}) as dimension_points,
        {{ sum_of_dimensions('{}_points * {}_is_fit') }} as fit_points,
        {{ sum_of_dimensions('{}_points * {}_is_engagement') }} as engagement_points
    from side_by_side

)

select
    as_of_date,
    lead_no,
    model_no,
    {{ each_dimension('{}_rule_points') }},
    {{ each_dimension('{}_points') }},
    cast(behavioral_points_undecayed as {{ type_points() }}) as behavioral_points_undecayed,
    dimension_points,
    cast({{ hold_within('dimension_points', 'min_score', 'max_score') }} as {{ type_points() }})
        as score,
    {{ as_decimal(hold_within(divided('100 * fit_points', 'fit_most'), 0, 100), 7, 4) }}
        as fit_score,
    {{ as_decimal(
        hold_within(divided('100 * engagement_points', 'engagement_most'), 0, 100), 7, 4
    ) }} as engagement_score,
    {{ reason_columns('reasons', 'reason') }},
    {{ reason_columns('reasons_for', 'reason_for') }},
    {{ reason_columns('reasons_against', 'reason_against') }}
from totals
order by as_of_date, model_no, lead_no
