with

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

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

counted as (

    select * from {{ ref('int_feed_counts') }}

),

filled as (

    select * from {{ ref('int_feed_fields') }}

),

rows_of_whole_tables as (

    {{ stack_whole_tables("select '{table}' as table_name, _loaded_at from {staged}") }}

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
        rows_of_whole_tables.table_name,
        max(cast(rows_of_whole_tables._loaded_at as date)) as last_loaded_on
    from rows_of_whole_tables
    inner join as_of_dates
        on
        cast(rows_of_whole_tables._loaded_at as date)
        <= least(as_of_dates.known_until, {{ last_possible_load() }})
    group by as_of_dates.as_of_date, rows_of_whole_tables.table_name

),

-- All that is counted of a table side by side; null where it is not counted.
tables as (

    select
        as_of_dates.as_of_date,
        row_counts.table_name,
        -- Of an event table all rows, also those that are too old to be read.
        coalesce(event_tables.row_count, row_counts.rows_read) as rows_there,
        row_counts.rows_read,
        row_counts.rows_read - row_counts.rows_staged - row_counts.rows_duplicate
            as rows_quarantined,
        counted.occurred_count,
        {{ divided('counted.occurred_before_count', '28.0') }} as usually_occurred,
        counted.loaded_count,
        counted.loaded_count - counted.loaded_usable_count as loaded_quarantined,
        counted.found_count,
        {{ days_between('counted.last_occurred_on', 'as_of_dates.as_of_date') }}
            as days_since_occurred,
        case
            when last_loads.last_loaded_on is not null
                then greatest(0, {{ days_between('last_loaded_on', 'as_of_dates.as_of_date') }})
        end as days_since_loaded,
        filled.row_count as rows_looked_at,
        filled.with_email,
        filled.with_visitor_id,
        filled.with_account_id
    from as_of_dates
    cross join row_counts
    left join event_tables on row_counts.table_name = event_tables.table_name
    left join counted
        on
        as_of_dates.as_of_date = counted.as_of_date
        and row_counts.table_name = counted.table_name
    left join filled
        on
        as_of_dates.as_of_date = filled.as_of_date
        and row_counts.table_name = filled.table_name
    left join last_loads
        on
        as_of_dates.as_of_date = last_loads.as_of_date
        and row_counts.table_name = last_loads.table_name

),

measures as (

    {{ stack_measures('tables', {
        'rows': ['rows_there', 1, 'rows_there'],
        'quarantined_share': ['rows_quarantined', 'rows_read', 'rows_read'],
        'quarantined_share_7d': ['loaded_quarantined', 'loaded_count', 'loaded_count'],
        'occurred_per_day': [
            'occurred_count', var('feed_window_days'), 'occurred_count', 'usually_occurred'
        ],
        'loaded_per_day': ['loaded_count', var('feed_window_days'), 'loaded_count'],
        'days_since_occurred': ['days_since_occurred', 1],
        'days_since_loaded': ['days_since_loaded', 1],
        'filled_email': ['with_email', 'rows_looked_at', 'rows_looked_at'],
        'filled_visitor_id': ['with_visitor_id', 'rows_looked_at', 'rows_looked_at'],
        'filled_account_id': ['with_account_id', 'rows_looked_at', 'rows_looked_at'],
        'lead_found_share': ['found_count', 'occurred_count', 'occurred_count'],
    }) }}

)

select * from measures
where value is not null
