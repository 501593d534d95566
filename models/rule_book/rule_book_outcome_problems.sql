{{ config(materialized='view') }}

with

file_rows as (

    select * from {{ ref('rule_book_rows') }}

)

{{ problem_rows(
    'file_rows', 'value',
    "outcome = 'stage' and coalesce(value, '') = ''",
    "'is empty, but the outcome stage needs the name of the stage that counts'",
    "''"
) }}
union all
{{ problem_rows(
    'file_rows', 'value',
    "outcome = 'accepted_hand_over' and value <> ''",
    "'must be empty: sales accepts a lead, not a product or a stage of it'"
) }}
union all
{{ problem_rows(
    'file_rows', 'horizon_days',
    "file_name = 'outcomes' and "
    ~ read_number('horizon_days') ~ ' <> floor(' ~ read_number('horizon_days') ~ ')',
    "'is not a whole number of days'"
) }}
union all
{{ problem_rows(
    'file_rows', 'cool_down_days',
    "file_name = 'outcomes' and "
    ~ read_number('cool_down_days') ~ ' <> floor(' ~ read_number('cool_down_days') ~ ')',
    "'is not a whole number of days'"
) }}
union all
{{ problem_rows(
    'file_rows', 'month',
    "file_name = 'targets' and " ~ read_date('month') ~ ' <> '
    ~ dbt.date_trunc('month', read_date('month')),
    "'is not the first day of a month; write July 2026 as 2026-07-01'"
) }}
