with

lead_classes as (

    select * from {{ ref('lead_outcome_classes') }}

),

lead_outcomes as (

    select * from {{ ref('int_lead_outcomes') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

-- Any lead of a class tells what all of them had.
examples as (

    select
        class_no,
        min(lead_no) as lead_no
    from lead_classes
    group by class_no

)

select
    examples.class_no,
    lead_outcomes.model_no,
    lead_outcomes.model_id,
    lead_outcomes.has_outcome
from examples
inner join lead_outcomes on examples.lead_no = lead_outcomes.lead_no
inner join newest_day on lead_outcomes.as_of_date = newest_day.as_of_date
