{{ config(materialized=branch_of_union()) }}

with

file_rows as (

    select * from {{ ref('rule_book_rows') }}

),

given_minimums as (

    select value as minimum
    from {{ ref('rule_book_cells') }}
    where file_name = 'model_minimums' and column_name = 'minimum' and row_number > 1

),

needed_minimums as (

    select {{ split_to_rows('allowed') }} as minimum
    from {{ ref('rule_book_format') }}
    where file_name = 'model_minimums' and column_name = 'minimum'

),

tiers_that_hand_over as (

    select model_id
    from file_rows
    where file_name = 'tiers' and hands_over = 'true'

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
union all
-- What is judged without a number for it would be judged by none.
select
    'model_minimums' as file_name,
    1 as row_number,
    'minimum' as column_name,
    needed_minimums.minimum as value,
    'has no row; seeds/rules/model_minimums.csv has one to copy' as problem
from needed_minimums
left join given_minimums on needed_minimums.minimum = given_minimums.minimum
where given_minimums.minimum is null
union all
{{ problem_rows(
    'file_rows', 'worked_anyway_pct',
    "file_name = 'tiers' and hands_over = 'true' and "
    ~ read_number('worked_anyway_pct') ~ ' > 0',
    "'is for tiers that do not hand over: of this one every lead is worked'"
) }}
union all
{{ problem_rows(
    'file_rows', 'worked_anyway_pct',
    "file_name = 'tiers' and " ~ read_number('worked_anyway_pct') ~ " > 0 and "
    ~ 'model_id not in (select model_id from tiers_that_hand_over)',
    "'needs a tier of the model that hands over: drawn leads are worked as those of it are'"
) }}
