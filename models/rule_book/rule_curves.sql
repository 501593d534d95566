-- The shapes of decay: each is written here and nowhere else.
with

fading_rules as (

    select
        rule_no,
        decay,
        coalesce(half_life_days, 1) as half_life_days,
        coalesce(floor_weight, 0) as floor_weight,
        1 - coalesce(floor_weight, 0) as span,
        case kind
            when 'activity' then coalesce(max_age_days, {{ var('events_kept_days') }})
            else {{ var('events_kept_days') }} + {{ var('outlook_days') }}
        end as last_age
    from {{ ref('rules') }}
    where kind in ('activity', 'sequence') and model_no is not null

),

ages as (

    select * from {{ ref('ages') }}

),

steps as (

    select
        fading_rules.rule_no,
        floor({{ divided('ages.age', 'fading_rules.half_life_days') }}) as step,
        min(ages.age) as from_age,
        max(ages.age) as to_age
    from fading_rules
    inner join ages on ages.age <= fading_rules.last_age
    where fading_rules.decay = 'step'
    group by
        fading_rules.rule_no, floor({{ divided('ages.age', 'fading_rules.half_life_days') }})

),

pieces as (

    select
        rule_no,
        0 as from_age,
        last_age as to_age,
        floor_weight + span as constant,
        0 as fading,
        0 as slope
    from fading_rules
    where decay = 'none'
    union all
    select
        rule_no,
        0 as from_age,
        last_age as to_age,
        floor_weight as constant,
        span as fading,
        0 as slope
    from fading_rules
    where decay = 'exponential'
    union all
    select
        rule_no,
        0 as from_age,
        least(last_age, ceil(2 * half_life_days) - 1) as to_age,
        floor_weight + span as constant,
        0 as fading,
        span / (2 * half_life_days) as slope
    from fading_rules
    where decay = 'linear'
    union all
    select
        rule_no,
        ceil(2 * half_life_days) as from_age,
        last_age as to_age,
        floor_weight as constant,
        0 as fading,
        0 as slope
    from fading_rules
    where decay = 'linear' and ceil(2 * half_life_days) <= last_age
    union all
    select
        steps.rule_no,
        steps.from_age,
        steps.to_age,
        fading_rules.floor_weight + fading_rules.span * power(0.5, steps.step) as constant,
        0 as fading,
        0 as slope
    from steps
    inner join fading_rules on steps.rule_no = fading_rules.rule_no

)

select
    pieces.rule_no,
    cast(pieces.from_age as integer) as from_age,
    cast(pieces.to_age as integer) as to_age,
    cast(pieces.constant as {{ type_double() }}) as constant,
    cast(pieces.fading as {{ type_double() }}) as fading,
    cast(pieces.slope as {{ type_double() }}) as slope,
    fading_rules.half_life_days
from pieces
inner join fading_rules on pieces.rule_no = fading_rules.rule_no
