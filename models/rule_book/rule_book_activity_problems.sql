{{ config(materialized=branch_of_union()) }}

with

file_rows as (

    select * from {{ ref('rule_book_rows') }}

),

sequences as (

    select
        *,
        coalesce(in_order, '') = 'true' as is_in_order,
        {{ tidy_steps('activities') }} as steps
    from file_rows
    where file_name = 'rules_sequence' and activities <> ''

),

written as (

    select
        file_name,
        row_number,
        activities,
        is_in_order,
        {{ split_to_rows('steps') }} as step
    from sequences

),

steps as (

    select
        *,
        left(step, 1) = '!' as is_absence,
        case when left(step, 1) = '!' then substr(step, 2) else step end as activity
    from written

),

named_activities as (

    select
        file_name,
        row_number,
        'activity' as column_name,
        activity
    from file_rows
    where file_name = 'rules_behavioral' and activity <> ''
    union all
    select
        file_name,
        row_number,
        'activities' as column_name,
        case when step = '!' then step else activity end as activity
    from steps
    union all
    select
        file_name,
        row_number,
        'reopened_by' as column_name,
        {{ split_to_trimmed_rows('reopened_by') }} as activity
    from file_rows
    where file_name = 'suppressions' and reopened_by <> ''
    union all
    select
        file_name,
        row_number,
        'activities' as column_name,
        {{ split_to_trimmed_rows('activities') }} as activity
    from file_rows
    where file_name = 'activity_attributes' and activities <> ''

),

unordered_absences as (

    select
        file_name,
        row_number,
        'activities' as column_name,
        activities as value,
        'asks with ''' || min(step) || ''' for what must not happen, which only an ordered sequence'
        || ' can: write true in the column in_order, or take it out' as problem
    from steps
    where is_absence and not is_in_order
    group by file_name, row_number, activities

),

repeated_activities as (

    select
        file_name,
        row_number,
        'activities' as column_name,
        activities as value,
        'names ''' || activity || ''' twice, but in an ordered sequence an activity stands once:'
        || ' take one of them out, or write false in the column in_order' as problem
    from steps
    where is_in_order
    group by file_name, row_number, activities, activity
    having count(*) > 1

)

{{ problem_rows(
    'sequences', 'activities',
    "is_in_order and left(steps, 1) = '!'",
    "'begins with what must not happen: write before it the activity after which it must not'"
) }}
union all
select * from unordered_absences
union all
select * from repeated_activities
union all
select
    named_activities.file_name,
    named_activities.row_number,
    named_activities.column_name,
    named_activities.activity as value,
    'is not an activity of activities.csv' as problem
from named_activities
left join file_rows
    on file_rows.file_name = 'activities' and named_activities.activity = file_rows.activity
where file_rows.file_name is null
