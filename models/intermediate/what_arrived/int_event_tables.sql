with

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

feeds as (

    select * from {{ ref('int_feeds') }}

),

activity_definitions as (

    select * from {{ ref('activity_definitions') }}

),

thresholds as (

    select * from {{ ref('thresholds') }}

),

tables_read as (

    select * from {{ source('events_read', 'event_tables_read') }}

),

loads_read as (

    select * from {{ source('events_read', 'event_loads_read') }}

),

limits as (

    select
        (select min(feeds.counts_from) from feeds) as counts_from,
        cast(min(as_of_dates.as_of_date) - {{ var('events_kept_days') }} as date) as kept_from,
        {{ loads_settled_before() }} as loads_settled_before
    from as_of_dates

),

-- Whatever decides how raw rows are folded; the first line is to be counted up with the SQL of it.
parts_of_definition as (

    select 'fold 3, keys by ' || {{ engine_version() }} as part
    union all
    select trim(kind) || ' ' || trim(pattern) as part
    from {{ ref('machine_user_agents') }}
    union all
    select
        'scanners '
        || cast(links_of_one_mail_seconds as {{ dbt.type_string() }}) || ' '
        || cast(click_after_delivery_seconds as {{ dbt.type_string() }}) as part
    from thresholds
    union all
    select distinct channel || ' ' || coalesce(lower(event_type), '') as part
    from activity_definitions
    {{ parts_of_sources() }}

),

event_definition as (

    select md5({{ dbt.listagg('part', "'; '", 'order by part') }}) as definition
    from parts_of_definition

),

table_rows as (

    select
        'crm.activities' as table_name,
        {{ count_raw_rows(source('crm', 'activities')) }} as row_count
    union all
    select
        'email.events' as table_name,
        {{ count_raw_rows(source('email', 'events')) }} as row_count
    union all
    select
        'web.events' as table_name,
        {{ count_raw_rows(source('web', 'events')) }} as row_count

),

recent_rows as (

    {{ stack_event_rows('occurred_on', has_loaded_since(loads_settled_before())) }}

),

recent_counts as (

    select
        recent_rows.table_name,
        count(*) as row_count
    from recent_rows
    inner join limits on recent_rows.occurred_on >= limits.counts_from
    group by recent_rows.table_name

),

recent_counts_read as (

    select
        loads_read.table_name,
        sum(loads_read.row_count) as row_count
    from loads_read
    cross join limits
    where
        loads_read.loaded_on between limits.loads_settled_before and {{ far_future() }} - 1
        and loads_read.occurred_on >= limits.counts_from
    group by loads_read.table_name

)

-- The settled loads are not counted again where the whole table has grown by just as many rows as
-- have loaded since, and nothing older is asked for than before.
select
    table_rows.table_name,
    table_rows.row_count,
    limits.counts_from,
    limits.kept_from,
    event_definition.definition,
    case
        when
            limits.counts_from >= tables_read.counts_from
            and table_rows.row_count - tables_read.row_count
            = coalesce(recent_counts.row_count, 0) - coalesce(recent_counts_read.row_count, 0)
            then limits.loads_settled_before
    end as loads_settled_before,
    tables_read.definition <> event_definition.definition as is_defined_anew
from table_rows
cross join limits
cross join event_definition
left join tables_read on table_rows.table_name = tables_read.table_name
left join recent_counts on table_rows.table_name = recent_counts.table_name
left join recent_counts_read on table_rows.table_name = recent_counts_read.table_name
