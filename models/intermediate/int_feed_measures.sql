with

as_of_dates as (

    select
        as_of_date,
        known_until,
        {{ window_opens_after('as_of_date') }} as window_after,
        cast({{ window_opens_after('as_of_date') }} - 28 as date) as weeks_before_after
    from {{ ref('int_as_of_dates') }}

),

feeds as (

    select * from {{ ref('int_feeds') }}

),

event_tables as (

    select * from {{ ref('int_event_tables') }}

),

row_counts as (

    select * from {{ ref('raw_row_counts') }}

),

loads as (

    select * from {{ ref('int_event_loads') }}

),

leads as (

    select * from {{ ref('int_leads') }}

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

crm_event_days as (

    select * from {{ ref('int_crm_event_days') }}

),

email_event_days as (

    select * from {{ ref('int_email_event_days') }}

),

web_event_days as (

    select * from {{ ref('int_web_event_days') }}

),

-- Of an event table all rows, also those that are too old to be read.
table_sizes as (

    select
        row_counts.table_name,
        coalesce(event_tables.row_count, row_counts.rows_read) as row_count,
        row_counts.rows_read,
        row_counts.rows_read - row_counts.rows_staged - row_counts.rows_duplicate
            as rows_quarantined
    from row_counts
    left join event_tables on row_counts.table_name = event_tables.table_name

),

other_tables_loaded as (

    select
        'crm.leads' as table_name,
        _loaded_at
    from {{ ref('stg_crm__leads') }}
    union all
    select
        'crm.lead_attributes' as table_name,
        _loaded_at
    from {{ ref('stg_crm__lead_attributes') }}
    union all
    select
        'crm.accounts' as table_name,
        _loaded_at
    from {{ ref('stg_crm__accounts') }}
    union all
    select
        'crm.opportunities' as table_name,
        _loaded_at
    from {{ ref('stg_crm__opportunities') }}
    union all
    select
        'crm.opportunity_stages' as table_name,
        _loaded_at
    from {{ ref('stg_crm__opportunity_stages') }}
    union all
    select
        'crm.lead_feedback' as table_name,
        _loaded_at
    from {{ ref('stg_crm__lead_feedback') }}
    union all
    select
        'email.campaigns' as table_name,
        _loaded_at
    from {{ ref('stg_email__campaigns') }}

),

last_loads as (

    select
        as_of_date,
        table_name,
        last_loaded_on
    from feeds
    union all
    select
        as_of_dates.as_of_date,
        other_tables_loaded.table_name,
        max(cast(other_tables_loaded._loaded_at as date)) as last_loaded_on
    from other_tables_loaded
    inner join as_of_dates
        on
        cast(other_tables_loaded._loaded_at as date)
        <= least(as_of_dates.known_until, {{ last_possible_load() }})
    group by as_of_dates.as_of_date, other_tables_loaded.table_name

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

-- The rows that have newly loaded, from the raw tables: their key fields are not folded.
new_rows as (

    select
        'web.events' as table_name,
        cast(_loaded_at as date) as loaded_on,
        count(*) as row_count,
        count(visitor_id) as with_visitor_id,
        count(email) as with_email
    from {{ ref('base_web__events') }}
    where {{ has_loaded_in_a_window() }}
    group by cast(_loaded_at as date)
    union all
    select
        'email.events' as table_name,
        cast(_loaded_at as date) as loaded_on,
        count(*) as row_count,
        cast(null as {{ dbt.type_bigint() }}) as with_visitor_id,
        count(email) as with_email
    from {{ ref('base_email__events') }}
    where {{ has_loaded_in_a_window() }}
    group by cast(_loaded_at as date)

),

filled as (

    select
        as_of_dates.as_of_date,
        new_rows.table_name,
        sum(new_rows.row_count) as row_count,
        sum(new_rows.with_visitor_id) as with_visitor_id,
        sum(new_rows.with_email) as with_email,
        cast(null as {{ dbt.type_bigint() }}) as with_account_id
    from as_of_dates
    inner join new_rows
        on
        new_rows.loaded_on > as_of_dates.window_after
        and new_rows.loaded_on <= as_of_dates.as_of_date
    group by as_of_dates.as_of_date, new_rows.table_name
    union all
    select
        as_of_date,
        'crm.leads' as table_name,
        count(*) as row_count,
        cast(null as {{ dbt.type_bigint() }}) as with_visitor_id,
        count(email) as with_email,
        count(account_id) as with_account_id
    from leads
    group by as_of_date

),

-- Each event once: a web event may find its lead by its address and by its visitor.
found_events as (

    select
        as_of_dates.as_of_date,
        event_days.table_name,
        sum(event_days.row_count) as found_count
    from as_of_dates
    inner join crm_event_days as event_days
        on
        event_days.occurred_on > as_of_dates.window_after
        and event_days.occurred_on <= as_of_dates.as_of_date
    inner join people
        on
        as_of_dates.as_of_date = people.as_of_date
        and event_days.lead_key = people.lead_key
    group by as_of_dates.as_of_date, event_days.table_name
    union all
    select
        as_of_dates.as_of_date,
        event_days.table_name,
        sum(event_days.row_count) as found_count
    from as_of_dates
    inner join email_event_days as event_days
        on
        event_days.occurred_on > as_of_dates.window_after
        and event_days.occurred_on <= as_of_dates.as_of_date
    inner join addresses
        on
        as_of_dates.as_of_date = addresses.as_of_date
        and event_days.email_key = addresses.email_key
    group by as_of_dates.as_of_date, event_days.table_name
    union all
    select
        as_of_dates.as_of_date,
        event_days.table_name,
        sum(
            case
                when addresses.lead_key is not null or visitors.lead_key is not null
                    then event_days.row_count
                else 0
            end
        ) as found_count
    from as_of_dates
    inner join web_event_days as event_days
        on
        event_days.occurred_on > as_of_dates.window_after
        and event_days.occurred_on <= as_of_dates.as_of_date
    left join addresses
        on
        as_of_dates.as_of_date = addresses.as_of_date
        and event_days.email_key = addresses.email_key
    left join visitors
        on
        as_of_dates.as_of_date = visitors.as_of_date
        and event_days.visitor_key = visitors.visitor_key
    group by as_of_dates.as_of_date, event_days.table_name

),

stacked as (

    select
        as_of_dates.as_of_date,
        table_sizes.table_name,
        'rows' as measure,
        1.0 * table_sizes.row_count as amount,
        1 as divided_by,
        table_sizes.row_count,
        cast(null as {{ type_double() }}) as own_usual
    from as_of_dates
    cross join table_sizes
    union all
    select
        as_of_dates.as_of_date,
        table_sizes.table_name,
        'quarantined_share' as measure,
        table_sizes.rows_quarantined as amount,
        table_sizes.rows_read as divided_by,
        table_sizes.rows_read as row_count,
        null as own_usual
    from as_of_dates
    cross join table_sizes
    union all
    select
        as_of_date,
        table_name,
        'quarantined_share_7d' as measure,
        loaded_count - loaded_usable_count as amount,
        loaded_count as divided_by,
        loaded_count as row_count,
        null as own_usual
    from counted
    union all
    select
        as_of_date,
        table_name,
        'occurred_per_day' as measure,
        occurred_count as amount,
        {{ var('feed_window_days') }} as divided_by,
        occurred_count as row_count,
        occurred_before_count / 28.0 as own_usual
    from counted
    union all
    select
        as_of_date,
        table_name,
        'loaded_per_day' as measure,
        loaded_count as amount,
        {{ var('feed_window_days') }} as divided_by,
        loaded_count as row_count,
        null as own_usual
    from counted
    union all
    select
        as_of_date,
        table_name,
        'days_since_occurred' as measure,
        as_of_date - last_occurred_on as amount,
        1 as divided_by,
        null as row_count,
        null as own_usual
    from counted
    union all
    select
        as_of_date,
        table_name,
        'days_since_loaded' as measure,
        greatest(as_of_date - last_loaded_on, 0) as amount,
        1 as divided_by,
        null as row_count,
        null as own_usual
    from last_loads
    where last_loaded_on is not null
    union all
    select
        as_of_date,
        table_name,
        'filled_email' as measure,
        with_email as amount,
        row_count as divided_by,
        row_count,
        null as own_usual
    from filled
    union all
    select
        as_of_date,
        table_name,
        'filled_visitor_id' as measure,
        with_visitor_id as amount,
        row_count as divided_by,
        row_count,
        null as own_usual
    from filled
    union all
    select
        as_of_date,
        table_name,
        'filled_account_id' as measure,
        with_account_id as amount,
        row_count as divided_by,
        row_count,
        null as own_usual
    from filled
    union all
    select
        counted.as_of_date,
        counted.table_name,
        'lead_found_share' as measure,
        coalesce(found_events.found_count, 0) as amount,
        counted.occurred_count as divided_by,
        counted.occurred_count as row_count,
        null as own_usual
    from counted
    left join found_events
        on
        counted.as_of_date = found_events.as_of_date
        and counted.table_name = found_events.table_name

)

select
    as_of_date,
    table_name,
    measure,
    cast(1.0 * amount / divided_by as {{ type_double() }}) as value,
    cast(row_count as {{ dbt.type_bigint() }}) as row_count,
    cast(own_usual as {{ type_double() }}) as own_usual
from stacked
where amount is not null and divided_by > 0
