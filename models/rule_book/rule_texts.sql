with

rules as (

    select * from {{ ref('rules') }}
    where model_no is not null

)

-- Evidence may be read by anyone who reads the score, so it names no personal data.
select
    rule_no,
    model_id,
    rule_id,
    kind,
    dimension,
    reason,
    case kind
        when 'activity' then replace(activities, '_', ' ')
        when 'sequence'
            then
                replace(replace(activities, '|', ' + '), '_', ' ') || ' within '
                || cast(cast(within_days as {{ dbt.type_bigint() }}) as {{ dbt.type_string() }})
                || ' days'
    end as what,
    'Held at the most the model gives for ' || replace(dimension, '_', ' ') as reason_held_at_most,
    'Held at the least the model gives for ' || replace(dimension, '_', ' ')
        as reason_held_at_least,
    'limit: ' || {{ format_points('low') }} as low_limit,
    'limit: ' || {{ format_points('high') }} as high_limit
from rules
