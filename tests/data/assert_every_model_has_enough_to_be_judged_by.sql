{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'model_health'}}}) }}
-- A failing row is a model with too few leads, or too few with or without an opportunity, to say
-- whether its rules are right. Nobody need act: marketing and sales should not draw conclusions from
-- rule_health yet.
{{ say_warnings(ref('model_health')) }}
select
    model_id,
    warning
from {{ ref('model_health') }}
where warning is not null
