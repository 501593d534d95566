with

candidates as (

    select * from {{ ref('outlook_candidates') }}

),

curves as (

    select * from {{ ref('projected_curves') }}

),

projected_rules as (

    select * from {{ ref('projected_rules') }}

),

attribute_points as (

    select * from {{ ref('projected_attribute_points') }}

),

model_limits as (

    select * from {{ ref('model_limits') }}

),

days as (

    select age as day from {{ ref('ages') }}
    where age <= {{ var('outlook_days') }}

),

-- Once per rule, not once per lead.
rule_days as (

    select
        projected_rules.rule_no,
        projected_rules.max_points,
        days.day,
        {{ fade('days.day', 'projected_rules.half_life_days') }} as fade
    from projected_rules
    inner join days
        on days.day >= projected_rules.from_day and days.day < projected_rules.until_day

),

behavioral_days as (

    select
        curves.candidate_no,
        rule_days.day,
        sum({{ points_on('curves', 'rule_days') }}) as points
    from curves
    inner join rule_days
        on
        curves.rule_no = rule_days.rule_no
        and rule_days.day >= curves.from_day
        and rule_days.day < curves.until_day
    group by curves.candidate_no, rule_days.day

),

-- What is known of a lead gives the same for many days: only where it changes is it added up.
changes as (

    select
        candidate_no,
        0 as changes_on,
        {{ each_dimension('0 as {}_change', fit_dimensions()) }}
    from candidates
    union all
    select
        candidate_no,
        from_day as changes_on,
        {{ each_dimension(
            "case when dimension = '{}' then points else 0 end as {}_change", fit_dimensions()
        ) }}
    from attribute_points
    union all
    select
        candidate_no,
        until_day as changes_on,
        {{ each_dimension(
            "case when dimension = '{}' then -points else 0 end as {}_change", fit_dimensions()
        ) }}
    from attribute_points
    where until_day <= {{ var('outlook_days') }}

),

summed as (

    select
        candidate_no,
        changes_on,
        {{ each_dimension('sum({}_change) as {}_change', fit_dimensions()) }}
    from changes
    group by candidate_no, changes_on

),

fit_points as (

    select
        candidate_no,
        changes_on as from_day,
        lead(changes_on, 1, {{ var('outlook_days') }} + 1) over (
            partition by candidate_no order by changes_on
        ) as until_day,
        {{ each_dimension(
            'sum({}_change) over (partition by candidate_no order by changes_on'
            ~ ' rows between unbounded preceding and current row) as {}_points', fit_dimensions()
        ) }}
    from summed

),

held as (

    select
        fit_points.candidate_no,
        fit_points.from_day,
        fit_points.until_day,
        model_limits.behavioral_low,
        model_limits.behavioral_high,
        model_limits.min_score,
        model_limits.max_score,
        {{ sum_of_dimensions(
            hold_within('fit_points.{}_points', 'model_limits.{}_low', 'model_limits.{}_high'),
            fit_dimensions()
        ) }} as points
    from fit_points
    inner join candidates on fit_points.candidate_no = candidates.candidate_no
    inner join model_limits on candidates.model_no = model_limits.model_no

),

totals as (

    select
        held.candidate_no,
        days.day,
        held.min_score,
        held.max_score,
        held.points + {{ hold_within(
            'coalesce(behavioral_days.points, 0)', 'held.behavioral_low', 'held.behavioral_high'
        ) }} as points
    from held
    inner join days on days.day >= held.from_day and days.day < held.until_day
    left join behavioral_days
        on held.candidate_no = behavioral_days.candidate_no and days.day = behavioral_days.day

)

select
    candidate_no,
    day,
    cast({{ hold_within('points', 'min_score', 'max_score') }} as {{ type_points() }}) as score
from totals
