{{ config(materialized='view') }}

with

cells as (

    select * from {{ ref('rule_book_cells') }}

),

file_rows as (

    select * from {{ ref('rule_book_rows') }}

),

scored_models as (

    select * from file_rows
    where file_name = 'models'

),

upside_down_dimensions as (

    select
        file_name,
        row_number,
        'min_points' as column_name,
        min_points as value,
        'is above max_points' as problem
    from file_rows
    where
        file_name = 'dimensions'
        and {{ read_number('min_points') }} > {{ read_number('max_points') }}

),

upside_down_models as (

    select
        file_name,
        row_number,
        'min_score' as column_name,
        min_score as value,
        'is not below max_score' as problem
    from file_rows
    where
        file_name = 'models'
        and {{ read_number('min_score') }} >= {{ read_number('max_score') }}

),

thresholds_upside_down as (

    select
        file_name,
        row_number,
        'leave_below' as column_name,
        leave_below as value,
        'is above enter_at (' || enter_at || '): a lead would leave as it enters' as problem
    from file_rows
    where file_name = 'tiers' and {{ read_number('leave_below') }} > {{ read_number('enter_at') }}

),

thresholds as (

    select
        file_name,
        row_number,
        'enter_at' as column_name,
        enter_at as value,
        model_id as owner,
        tier as name
    from file_rows
    where file_name = 'tiers'
    union all
    select
        cells.file_name,
        cells.row_number,
        cells.column_name,
        cells.value,
        file_rows.model_id || ' ' || file_rows.axis as owner,
        file_rows.grade as name
    from cells
    inner join file_rows
        on cells.file_name = file_rows.file_name and cells.row_number = file_rows.row_number
    where cells.file_name = 'grades' and cells.column_name = 'from_score' and cells.row_number > 1

),

shared_thresholds as (

    select
        later.file_name,
        later.row_number,
        later.column_name,
        later.value,
        'is also that of ''' || earlier.name || ''' in row '
        || cast(earlier.row_number as {{ dbt.type_string() }})
        || ': a score would enter both at once' as problem
    from thresholds as later
    inner join thresholds as earlier
        on
        later.file_name = earlier.file_name
        and later.owner = earlier.owner
        and {{ read_number('later.value') }} = {{ read_number('earlier.value') }}
        and later.row_number > earlier.row_number

),

lowest_tiers as (

    select
        model_id,
        min({{ read_number('enter_at') }}) as enter_at
    from file_rows
    where file_name = 'tiers'
    group by model_id

),

models_without_lowest_tier as (

    select
        scored_models.file_name,
        scored_models.row_number,
        'model_id' as column_name,
        scored_models.model_id as value,
        case
            when lowest_tiers.model_id is null then 'has no tier in tiers.csv'
            else 'has no tier for its lowest scores; one tier of tiers.csv must be entered at '
                || scored_models.min_score || ' or below'
        end as problem
    from scored_models
    left join lowest_tiers on scored_models.model_id = lowest_tiers.model_id
    where
        scored_models.role in ('champion', 'challenger')
        and coalesce(lowest_tiers.enter_at > {{ read_number('scored_models.min_score') }}, true)

),

models_without_dimensions as (

    select
        scored_models.file_name,
        scored_models.row_number,
        'model_id' as column_name,
        scored_models.model_id as value,
        'has no dimension in dimensions.csv' as problem
    from scored_models
    left join file_rows as dimensions
        on
        dimensions.file_name = 'dimensions'
        and scored_models.model_id = dimensions.model_id
    where
        scored_models.role in ('champion', 'challenger')
        and dimensions.file_name is null

),

models_without_work as (

    select
        'models' as file_name,
        1 as row_number,
        'role' as column_name,
        '' as value,
        'names no champion and no challenger, so there is nothing to score' as problem
    from (
        select count(*) as models_to_score from scored_models
        where role in ('champion', 'challenger')
    ) as counted
    where models_to_score = 0

)

select * from upside_down_dimensions
union all
select * from upside_down_models
union all
select * from thresholds_upside_down
union all
select * from shared_thresholds
union all
select * from models_without_lowest_tier
union all
select * from models_without_dimensions
union all
select * from models_without_work
