with

dimension_points as (

    select * from {{ ref('dimension_points') }}

),

score_points as (

    select * from {{ ref('score_points') }}

),

cap_points as (

    select
        as_of_date,
        model_id,
        lead_id,
        'cap:' || dimension as rule_id,
        dimension,
        min_points as low,
        max_points as high,
        points - rule_points as points
    from dimension_points
    union all
    select
        as_of_date,
        model_id,
        lead_id,
        'cap:score' as rule_id,
        'score' as dimension,
        min_score as low,
        max_score as high,
        score - dimension_points as points
    from score_points

)

select
    as_of_date,
    model_id,
    lead_id,
    rule_id,
    dimension,
    case when points < 0 then 'Held at the most' else 'Held at the least' end
    || ' the model gives for ' || replace(dimension, '_', ' ') as reason,
    'limit: ' || {{ format_points('case when points < 0 then high else low end') }} as evidence,
    cast(null as date) as occurred_on,
    cast(null as {{ dbt.type_bigint() }}) as event_count,
    cast(0 as decimal(12, 4)) as raw_points,
    cast(points as decimal(12, 4)) as points
from cap_points
where points <> 0
