with

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

feed_limits as (

    select
        table_name,
        cast(at_most as integer) as stale_after_days
    from {{ ref('health_limits') }}
    where file_name = 'feeds' and verdict = 'stale'

),

loads_read as (

    select * from {{ source('events_read', 'event_loads_read') }}

),

-- What may have changed since the last run, and what was read before.
rows_loaded as (

    {{ stack_event_rows(
        'loaded_on, occurred_on',
        'quarantine_reason is null and loaded_on < ' ~ far_future() ~ ' and ' ~ is_not_settled()
    ) }}
    union all
    select
        table_name,
        loaded_on,
        occurred_on
    from loads_read
    where usable_count > 0

),

loads as (

    select
        table_name,
        loaded_on,
        min(occurred_on) as first_occurred_on
    from rows_loaded
    group by table_name, loaded_on

),

tables as (

    select 'crm.activities' as table_name
    union all
    select 'email.events' as table_name
    union all
    select 'web.events' as table_name

),

last_loads as (

    select
        as_of_dates.as_of_date,
        as_of_dates.counts_from,
        tables.table_name,
        max(loads.loaded_on) as last_loaded_on
    from as_of_dates
    cross join tables
    -- A load that tells nothing of the day or before does not make it better known.
    left join loads
        on
        tables.table_name = loads.table_name
        and loads.loaded_on <= as_of_dates.known_until
        and loads.loaded_on <= {{ last_possible_load() }}
        and loads.first_occurred_on <= as_of_dates.as_of_date
    group by as_of_dates.as_of_date, as_of_dates.counts_from, tables.table_name

),

judged as (

    select
        last_loads.*,
        coalesce(
            {{ days_between('last_loads.last_loaded_on', 'last_loads.as_of_date') }}
            > feed_limits.stale_after_days,
            false
        ) as is_stale
    from last_loads
    left join feed_limits on last_loads.table_name = feed_limits.table_name

)

select
    as_of_date,
    table_name,
    last_loaded_on,
    is_stale,
    case when is_stale then last_loaded_on else as_of_date end as counts_until,
    -- As far back from the last load as otherwise from the as-of date.
    case
        when is_stale
            then cast(counts_from - {{ days_between('last_loaded_on', 'as_of_date') }} as date)
        else counts_from
    end as counts_from
from judged
