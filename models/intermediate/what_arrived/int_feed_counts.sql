with

as_of_dates as (

    select
        as_of_date,
        known_until,
        {{ window_opens_after('as_of_date') }} as window_after,
        cast({{ window_opens_after('as_of_date') }} - 28 as date) as weeks_before_after
    from {{ ref('int_as_of_dates') }}

),

loads as (

    select * from {{ ref('int_event_loads') }}

),

people as (

    select * from {{ ref('int_people') }}

),

addresses as (

    select * from {{ ref('int_lead_addresses') }}

),

visitors as (

    select * from {{ ref('int_visitors') }}

),

-- Events by whatever may find their lead: its id, its address, its visitor.
event_days as (

    select
        table_name,
        occurred_on,
        row_count,
        lead_key,
        cast(null as {{ dbt.type_bigint() }}) as email_key,
        cast(null as {{ dbt.type_bigint() }}) as visitor_key
    from {{ ref('int_crm_event_days') }}
    union all
    select
        table_name,
        occurred_on,
        row_count,
        null as lead_key,
        email_key,
        null as visitor_key
    from {{ ref('int_email_event_days') }}
    union all
    select
        table_name,
        occurred_on,
        row_count,
        null as lead_key,
        email_key,
        visitor_key
    from {{ ref('int_web_event_days') }}

),

loads_as_of as (

    select
        as_of_dates.as_of_date,
        as_of_dates.window_after,
        as_of_dates.weeks_before_after,
        loads.*
    from loads
    inner join as_of_dates
        on
        loads.loaded_on <= as_of_dates.known_until
        and (
            loads.occurred_on <= as_of_dates.as_of_date
            or loads.loaded_on <= as_of_dates.as_of_date
        )

),

counted as (

    select
        as_of_date,
        table_name,
        max(case when usable_count > 0 and occurred_on <= as_of_date then occurred_on end)
            as last_occurred_on,
        sum(
            case
                when occurred_on > window_after and occurred_on <= as_of_date then usable_count
                else 0
            end
        ) as occurred_count,
        sum(
            case
                when occurred_on > weeks_before_after and occurred_on <= window_after
                    then usable_count
                else 0
            end
        ) as occurred_before_count,
        sum(
            case
                when loaded_on > window_after and loaded_on <= as_of_date then row_count
                else 0
            end
        ) as loaded_count,
        sum(
            case
                when loaded_on > window_after and loaded_on <= as_of_date then usable_count
                else 0
            end
        ) as loaded_usable_count
    from loads_as_of
    group by as_of_date, table_name

),

-- Each event once: a web event may find its lead by its address and by its visitor.
found_events as (

    select
        as_of_dates.as_of_date,
        event_days.table_name,
        sum(event_days.row_count) as found_count
    from as_of_dates
    inner join event_days
        on
        event_days.occurred_on > as_of_dates.window_after
        and event_days.occurred_on <= as_of_dates.as_of_date
    left join people
        on
        as_of_dates.as_of_date = people.as_of_date
        and event_days.lead_key = people.lead_key
    left join addresses
        on
        as_of_dates.as_of_date = addresses.as_of_date
        and event_days.email_key = addresses.email_key
    left join visitors
        on
        as_of_dates.as_of_date = visitors.as_of_date
        and event_days.visitor_key = visitors.visitor_key
    where coalesce(people.lead_no, addresses.lead_no, visitors.lead_no) is not null
    group by as_of_dates.as_of_date, event_days.table_name

)

select
    counted.as_of_date,
    counted.table_name,
    counted.last_occurred_on,
    counted.occurred_count,
    counted.occurred_before_count,
    counted.loaded_count,
    counted.loaded_usable_count,
    coalesce(found_events.found_count, 0) as found_count
from counted
left join found_events
    on
    counted.as_of_date = found_events.as_of_date
    and counted.table_name = found_events.table_name
