with

rules as (

    select * from {{ ref('rules') }}
    where kind = 'sequence' and model_no is not null

),

steps as (

    select distinct
        rule_no,
        trim({{ split_to_rows('activities') }}) as activity
    from rules

)

select
    rule_no,
    activity,
    count(*) over (partition by rule_no) as steps_needed
from steps
