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
        as_of_date,
        table_name,
        'lead_found_share' as measure,
        found_count as amount,
        occurred_count as divided_by,
        occurred_count as row_count,
        null as own_usual
    from counted

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
