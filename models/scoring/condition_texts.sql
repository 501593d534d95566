with

condition_rows as (

    select * from {{ ref('condition_rows') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

row_texts as (

    select
        condition_rows.condition_key,
        condition_rows.condition_row_no,
        {{ test_in_words(
            'condition_rows.attribute', 'condition_rows.operator', 'condition_rows.value'
        ) }} as words
    from condition_rows
    inner join newest_day on {{ is_valid_on('condition_rows', 'newest_day.as_of_date') }}

)

select
    condition_key,
    {{ dbt.listagg('words', "' and '", 'order by condition_row_no') }} as words
from row_texts
group by condition_key
