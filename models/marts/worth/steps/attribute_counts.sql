select
    model_id,
    'value' as kind,
    attribute,
    value,
    leads,
    outcomes,
    points_now
from {{ ref('value_counts') }}
union all
select
    model_id,
    'rule' as kind,
    attribute,
    value,
    leads,
    outcomes,
    points_now
from {{ ref('test_counts') }}
union all
select
    model_id,
    'activity' as kind,
    activity as attribute,
    'done' as value,
    leads,
    outcomes,
    points_now
from {{ ref('activity_counts') }}
