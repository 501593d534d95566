with

lead_values as (

    select * from {{ ref('int_lead_values') }}

),

completeness as (

    select * from {{ ref('int_lead_completeness') }}

),

value_points as (

    select * from {{ ref('value_points') }}

),

met as (

    select
        lead_values.as_of_date,
        lead_values.lead_no,
        value_points.*
    from lead_values
    inner join value_points on lead_values.value_no = value_points.value_no
    union all
    select
        completeness.as_of_date,
        completeness.lead_no,
        value_points.*
    from completeness
    inner join value_points
        on
        completeness.value_no = value_points.value_no
        and completeness.model_no = value_points.model_no

)

select
    as_of_date,
    lead_no,
    rule_no,
    value_no,
    points
from met
where {{ is_valid_on('met', 'as_of_date') }}
