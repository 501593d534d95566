with

lead_values as (

    select * from {{ ref('lead_values') }}

),

value_points as (

    select * from {{ ref('value_points') }}

)

select
    lead_values.as_of_date,
    lead_values.lead_no,
    value_points.rule_no,
    lead_values.value_no,
    value_points.points
from lead_values
inner join value_points on lead_values.value_no = value_points.value_no
where {{ is_valid_on('value_points', 'lead_values.as_of_date') }}
