with

event_tables as (

    select * from {{ ref('int_event_tables') }}

),

loads as (

    select * from {{ ref('int_event_loads') }}

),

loads_read as (

    select * from {{ source('events_read', 'event_loads_read') }}

),

days_read as (

    select distinct
        table_name,
        occurred_on
    from loads_read

),

-- A day and load of which more or fewer rows are there, or can be used, than were read.
changed_loads as (

    select
        coalesce(loads.table_name, loads_read.table_name) as table_name,
        coalesce(loads.occurred_on, loads_read.occurred_on) as occurred_on,
        coalesce(loads.loaded_on, loads_read.loaded_on) as loaded_on
    from loads
    full outer join loads_read
        on
        loads.table_name = loads_read.table_name
        and loads.occurred_on = loads_read.occurred_on
        and loads.loaded_on = loads_read.loaded_on
    where
        coalesce(loads.row_count, 0) <> coalesce(loads_read.row_count, 0)
        or loads.usable_count <> loads_read.usable_count

),

changed_days as (

    select
        changed_loads.table_name,
        changed_loads.occurred_on,
        changed_loads.loaded_on,
        case when days_read.occurred_on is null then 'new day' else 'new rows' end as reason
    from changed_loads
    left join days_read
        on
        changed_loads.table_name = days_read.table_name
        and changed_loads.occurred_on = days_read.occurred_on
    union all
    select
        loads.table_name,
        loads.occurred_on,
        loads.loaded_on,
        'new definition' as reason
    from loads
    inner join event_tables on loads.table_name = event_tables.table_name
    where event_tables.is_defined_anew
    -- A mail that arrives in the last seconds of a day may be clicked in the first of the next.
    union all
    select
        changed_loads.table_name,
        cast(changed_loads.occurred_on + 1 as date) as occurred_on,
        changed_loads.loaded_on,
        'day after' as reason
    from changed_loads
    inner join days_read
        on
        changed_loads.table_name = days_read.table_name
        and days_read.occurred_on = changed_loads.occurred_on + 1
    where
        changed_loads.table_name = 'email.events'
        and changed_loads.occurred_on < {{ unreadable_day() }}

)

-- From which load on a day is read is one date per table, so that a condition can name it.
select
    changed_days.table_name,
    changed_days.occurred_on,
    max(changed_days.reason) as reason,
    min(min(changed_days.loaded_on)) over (partition by changed_days.table_name)
        as read_from_load
from changed_days
inner join event_tables on changed_days.table_name = event_tables.table_name
where changed_days.occurred_on >= event_tables.kept_from
group by changed_days.table_name, changed_days.occurred_on
