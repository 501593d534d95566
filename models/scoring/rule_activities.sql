with

rules as (

    select * from {{ ref('rules') }}
    where kind = 'activity' and model_no is not null

),

sequence_steps as (

    select * from {{ ref('sequence_steps') }}

),

sequence_rules as (

    select * from {{ ref('rules') }}
    where kind = 'sequence'

),

activities as (

    select * from {{ ref('int_activities') }}

),

asked_for as (

    select
        rule_no,
        kind,
        product,
        activities as activity
    from rules
    union all
    select
        sequence_steps.rule_no,
        sequence_rules.kind,
        sequence_rules.product,
        sequence_steps.activity
    from sequence_steps
    inner join sequence_rules on sequence_steps.rule_no = sequence_rules.rule_no

)

-- A model of one product counts what names a product only where it is its own.
select
    asked_for.rule_no,
    asked_for.kind,
    asked_for.activity,
    activities.activity_no,
    count(*) over (partition by asked_for.rule_no) as activities_counted
from asked_for
inner join activities
    on
    asked_for.activity = activities.activity
    and {{ is_of_product('asked_for.product', 'activities.named_product') }}
