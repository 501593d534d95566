with

event_tables as (

    select * from {{ ref('int_event_tables') }}

),

loads_read as (

    select * from {{ source('events_read', 'event_loads_read') }}

),

raw_rows as (

    {{ stack_event_rows('occurred_on, loaded_on, quarantine_reason', loads_to_scan) }}

),

counted as (

    select
        table_name,
        occurred_on,
        loaded_on,
        count(*) as row_count,
        count(*) - count(quarantine_reason) as usable_count
    from raw_rows
    group by table_name, occurred_on, loaded_on

),

-- Nothing older than the oldest day that can count is read from the raw rows.
counted_now as (

    select counted.*
    from counted
    inner join event_tables on counted.table_name = event_tables.table_name
    where counted.occurred_on >= event_tables.counts_from

),

settled as (

    select loads_read.*
    from loads_read
    inner join event_tables on loads_read.table_name = event_tables.table_name
    where
        loads_read.occurred_on >= event_tables.kept_from
        and (
            loads_read.occurred_on < event_tables.counts_from
            or loads_read.loaded_on < event_tables.loads_settled_before
            or (
                loads_read.loaded_on = {{ far_future() }}
                and event_tables.loads_settled_before is not null
            )
        )

)

select
    table_name,
    occurred_on,
    loaded_on,
    row_count,
    usable_count
from counted_now
union all
select
    table_name,
    occurred_on,
    loaded_on,
    row_count,
    usable_count
from settled
