-- depends_on: {{ ref('rule_book_problems') }}
with

file_rows as (

    select * from {{ ref('rule_book_rows') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

model_rules as (

    select
        file_rows.model_id,
        file_rows.rule_id,
        case
            when file_rows.file_name = 'rules_sequence' then 'behavioral'
            else replace(file_rows.file_name, 'rules_', '')
        end as dimension,
        {{ read_number('file_rows.points') }} as points,
        {{ read_number('file_rows.max_points') }} as max_points,
        file_rows.reason,
        file_rows.owner,
        {{ read_date('file_rows.valid_from') }} as valid_from,
        {{ read_date('file_rows.valid_to') }} as valid_to
    from file_rows
    inner join scored_models on file_rows.model_id = scored_models.model_id
    where left(file_rows.file_name, 6) = 'rules_'

)

select * from model_rules
