with

value_points as (

    select * from {{ ref('value_points') }}

),

rules as (

    select * from {{ ref('rules') }}
    where kind = 'attribute' and model_no is not null

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

valid_points as (

    select value_points.*
    from value_points
    cross join newest_day
    where {{ is_valid_on('value_points', 'newest_day.as_of_date') }}

),

-- One value of an attribute may meet several of its rules, and gives the points of all.
values_of_models as (

    select
        model_no,
        value_no,
        sum(points) as points
    from valid_points
    group by model_no, value_no

)

select
    rules.model_id,
    rules.rule_id,
    rules.attribute,
    max(values_of_models.points) as best_points
from valid_points
inner join rules on valid_points.rule_no = rules.rule_no
inner join values_of_models
    on
    valid_points.model_no = values_of_models.model_no
    and valid_points.value_no = values_of_models.value_no
group by rules.model_id, rules.rule_id, rules.attribute
