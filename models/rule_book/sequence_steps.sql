with

rules as (

    select
        rule_no,
        coalesce(in_order, false) as is_in_order,
        {{ tidy_steps('activities') }} as steps
    from {{ ref('rules') }}
    where kind = 'sequence' and model_no is not null

),

written as (

    select distinct
        rule_no,
        is_in_order,
        steps,
        {{ split_to_rows('steps') }} as step
    from rules

),

-- A step stands where its text is found: in an ordered sequence no activity stands twice.
placed as (

    select
        rule_no,
        is_in_order,
        left(step, 1) = '!' as is_absence,
        case when left(step, 1) = '!' then substr(step, 2) else step end as activity,
        position('|' || step || '|' in '|' || steps || '|') as place
    from written

),

numbered as (

    select
        rule_no,
        is_in_order,
        is_absence,
        activity,
        cast(sum(case when is_absence then 0 else 1 end) over (
            partition by rule_no order by place
            rows between unbounded preceding and current row
        ) as integer) as step_no,
        cast(sum(case when is_absence then 0 else 1 end) over (partition by rule_no) as integer)
            as steps_needed
    from placed

)

select
    *,
    max(case when is_absence and step_no = steps_needed then 1 else 0 end) over (
        partition by rule_no
    ) = 1 as ends_with_absence
from numbered
