with

-- Of event tables only the days that can count are read; repeats are looked for among the events
-- that somebody is known to have done.
event_tables as (

    select * from {{ ref('int_event_tables') }}

),

event_days as (

    select
        table_name,
        occurred_on,
        row_count as rows_read,
        usable_count as rows_usable,
        0 as rows_duplicate
    from {{ ref('int_event_loads') }}
    union all
    select
        table_name,
        occurred_on,
        0 as rows_read,
        0 as rows_usable,
        row_count - seen_count as rows_duplicate
    from {{ ref('int_crm_event_days') }}
    union all
    select
        table_name,
        occurred_on,
        0 as rows_read,
        0 as rows_usable,
        row_count - seen_count as rows_duplicate
    from {{ ref('int_email_event_days') }}
    union all
    select
        table_name,
        occurred_on,
        0 as rows_read,
        0 as rows_usable,
        row_count - seen_count as rows_duplicate
    from {{ ref('int_web_event_days') }}

),

counted as (

    {{ stack_whole_tables(
        "select '{table}' as table_name, {rows} as rows_read,"
        ~ " (select count(*) from {staged}) as rows_staged,"
        ~ " (select count(*) from {checked} where quarantine_reason is null and copy_number > 1)"
        ~ " as rows_duplicate"
    ) }}
    union all
    select
        event_tables.table_name,
        coalesce(sum(event_days.rows_read), 0) as rows_read,
        coalesce(sum(event_days.rows_usable) - sum(event_days.rows_duplicate), 0) as rows_staged,
        coalesce(sum(event_days.rows_duplicate), 0) as rows_duplicate
    from event_tables
    left join event_days
        on
        event_tables.table_name = event_days.table_name
        and event_days.occurred_on >= event_tables.counts_from
    group by event_tables.table_name

),

unreadable_lines as (

    select
        table_name,
        count(*) as line_count
    from {{ ref('int_unreadable_lines') }}
    group by table_name

)

-- A line that cannot be read is a row that was read and set aside.
select
    counted.table_name,
    cast(counted.rows_read + coalesce(unreadable_lines.line_count, 0) as {{ dbt.type_bigint() }})
        as rows_read,
    cast(counted.rows_staged as {{ dbt.type_bigint() }}) as rows_staged,
    cast(counted.rows_duplicate as {{ dbt.type_bigint() }}) as rows_duplicate
from counted
left join unreadable_lines on counted.table_name = unreadable_lines.table_name
