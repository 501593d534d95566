with

cells as (

    select * from {{ ref('rule_book_cells') }}

),

rows_of_files as (

    select
        file_name,
        row_number,
        max(case when column_name = 'model_id' then value end) as model_id,
        max(case when column_name = 'product' then value end) as product,
        max(case when column_name = 'version' then value end) as version,
        max(case when column_name = 'excludes_customers' then value end) as excludes_customers,
        max(case when column_name = 'role' then value end) as role,
        max(case when column_name = 'sensitive_fields' then value end) as sensitive_fields,
        max(case when column_name = 'min_score' then value end) as min_score,
        max(case when column_name = 'dimension' then value end) as dimension,
        max(case when column_name = 'axis' then value end) as axis,
        max(case when column_name = 'min_points' then value end) as min_points,
        max(case when column_name = 'max_points' then value end) as max_points,
        max(case when column_name = 'max_score' then value end) as max_score,
        max(case when column_name = 'rule_id' then value end) as rule_id,
        max(case when column_name = 'attribute' then value end) as attribute,
        max(case when column_name = 'operator' then value end) as operator,
        max(case when column_name = 'value' then value end) as value,
        max(case when column_name = 'activity' then value end) as activity,
        max(case when column_name = 'activities' then value end) as activities,
        max(case when column_name = 'measure' then value end) as measure,
        max(case when column_name = 'condition' then value end) as condition,
        max(case when column_name = 'decay' then value end) as decay,
        max(case when column_name = 'half_life_days' then value end) as half_life_days,
        max(case when column_name = 'floor_weight' then value end) as floor_weight,
        max(case when column_name = 'within_days' then value end) as within_days,
        max(case when column_name = 'max_age_days' then value end) as max_age_days,
        max(case when column_name = 'max_per_day' then value end) as max_per_day,
        max(case when column_name = 'valid_from' then value end) as valid_from,
        max(case when column_name = 'valid_to' then value end) as valid_to,
        max(case when column_name = 'tier' then value end) as tier,
        max(case when column_name = 'enter_at' then value end) as enter_at,
        max(case when column_name = 'leave_below' then value end) as leave_below,
        max(case when column_name = 'min_days_in_tier' then value end) as min_days_in_tier,
        max(case when column_name = 'action' then value end) as action,
        max(case when column_name = 'sla_hours' then value end) as sla_hours,
        max(case when column_name = 'stage' then value end) as stage,
        max(case when column_name = 'hands_over' then value end) as hands_over,
        max(case when column_name = 'capacity' then value end) as capacity,
        max(case when column_name = 'required_fields' then value end) as required_fields,
        max(case when column_name = 'worked_anyway_pct' then value end) as worked_anyway_pct,
        max(case when column_name = 'grade' then value end) as grade,
        max(case when column_name = 'from_score' then value end) as from_score,
        max(case when column_name = 'points' then value end) as points,
        max(case when column_name = 'reason' then value end) as reason,
        max(case when column_name = 'owner' then value end) as owner,
        max(case when column_name = 'in_order' then value end) as in_order,
        max(case when column_name = 'deal_state' then value end) as deal_state,
        max(case when column_name = 'cool_down_days' then value end) as cool_down_days,
        max(case when column_name = 'reopened_by' then value end) as reopened_by,
        max(case when column_name = 'outcome' then value end) as outcome,
        max(case when column_name = 'horizon_days' then value end) as horizon_days,
        max(case when column_name = 'ends_with' then value end) as ends_with,
        max(case when column_name = 'month' then value end) as month,
        max(case when column_name = 'amount' then value end) as amount,
        max(case when column_name = 'limit' then value end) as limit_value,
        max(case when column_name = 'crm' then value end) as crm,
        max(case when column_name = 'property' then value end) as property,
        max(case when column_name = 'decimals' then value end) as decimals
    from cells
    where row_number > 1
    group by file_name, row_number

)

select * from rows_of_files
