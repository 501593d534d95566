{# Which days of the event tables a run reads.

   Events are folded into one row per actor, kind of event and day, and stay folded. A run looks
   at what has loaded since the last one and reads, from the raw rows, only the days on which
   something is new. What the last run has seen stands in the tables of the source `events_read`,
   which are written last: a run that dies on its way is simply run again. #}


{% macro create_events_read() -%}
    {# The empty tables of the source `events_read`, where they are not there yet. On a full refresh,
       and where a table is missing, everything that has been folded is dropped and read again. #}
    {%- set schema = 'intermediate' -%}
    {%- set folded = ['int_web_event_days', 'int_email_event_days', 'int_crm_event_days',
        'int_visitor_identifications', 'int_event_kinds', 'int_quarantined_events'] -%}
    {%- set read = {
        'event_tables_read': 'table_name ' ~ dbt.type_string() ~ ', row_count ' ~ dbt.type_bigint()
            ~ ', counts_from date, definition ' ~ dbt.type_string(),
        'event_loads_read': 'table_name ' ~ dbt.type_string() ~ ', occurred_on date, loaded_on date'
            ~ ', row_count ' ~ dbt.type_bigint() ~ ', usable_count ' ~ dbt.type_bigint(),
        'visitors_read': 'visitor_key ' ~ dbt.type_bigint() ~ ', read_from date',
    } -%}
    {%- set there = [] -%}
    {%- for name in folded + (read | list) if adapter.get_relation(target.database, schema, name) -%}
        {%- do there.append(name) -%}
    {%- endfor -%}
    create schema if not exists {{ schema }};
    {%- if flags.FULL_REFRESH or there | length < folded | length + read | length -%}
        {%- for name in there -%}
            {%- set relation = adapter.get_relation(target.database, schema, name) %}
    drop {{ relation.type }} if exists {{ relation }};
            {%- do adapter.cache_dropped(relation) -%}
        {%- endfor -%}
        {%- for name, columns in read.items() %}
    create table {{ schema }}.{{ name }} ({{ columns }});
            {#- dbt lists what is there before it runs this. -#}
            {%- do adapter.cache_added(
                api.Relation.create(target.database, schema, name, type='table')
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{% macro read_rows(query, tables) -%}
    {# The rows of a query on some tables, now; none while dbt only reads the project, or where one of
       the tables is not there yet (the engine is asked, as dbt's own list also holds what a hook is
       about to make). #}
    {%- for table in tables -%}
        {%- set found = run_query(
            "select count(*) from information_schema.tables where lower(table_schema) = lower('"
            ~ table.schema ~ "') and lower(table_name) = lower('" ~ table.identifier ~ "')"
        ).rows[0][0] if execute else 0 -%}
        {%- if not found -%}
            {{ return([]) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(run_query(query).rows) }}
{%- endmacro %}


{% macro read_value(query, tables) -%}
    {# The one value of such a query, or none. #}
    {%- set rows = read_rows(query, tables) -%}
    {{ return(rows[0][0] if rows else none) }}
{%- endmacro %}


{% macro loads_settled_before() -%}
    {# The day before which no load is expected to change any more, as a literal: the last load
       that was read less the var load_overlap_days; before the first run the far future. What
       loads before it nevertheless is noticed by the number of rows of the table. #}
    {%- set loads_read = source('events_read', 'event_loads_read') -%}
    {%- set last = read_value(
        "select max(loaded_on) from " ~ loads_read ~ " where loaded_on <= " ~ last_possible_load(),
        [loads_read]
    ) -%}
    {%- if last -%}
        {{ date_literal(last - modules.datetime.timedelta(days=var('load_overlap_days'))) }}
    {%- else -%}
        {{ far_future() }}
    {%- endif -%}
{%- endmacro %}


{% macro is_not_settled() -%}
    {# A condition on _loaded_at: loads that may have received rows since the last run, all of them
       before the first one. #}
    {%- set before = loads_settled_before() -%}
    {{ return('true' if before == far_future() else has_loaded_since(before)) }}
{%- endmacro %}


{% macro loads_to_scan(table_name) -%}
    {# A condition on _loaded_at: which loads of an event table must be counted again. A literal,
       so that files and blocks of rows outside it are passed over. #}
    {%- set event_tables = ref('int_event_tables') -%}
    {%- set since = read_value(
        "select loads_settled_before from " ~ event_tables ~ " where table_name = '" ~ table_name ~ "'",
        [event_tables]
    ) -%}
    {{ has_loaded_since(date_literal(since)) if since else 'true' }}
{%- endmacro %}


{% macro has_loaded_since(day) -%}
    {# A condition on _loaded_at: loads of the day and later; none that lies ahead is one. #}
    (_loaded_at >= cast({{ day }} as timestamp) and _loaded_at <= {{ latest_time() }})
{%- endmacro %}


{% macro is_on_changed_day(table_name, days_before=0) -%}
    {# A condition on occurred_at: the days of an event table that this run reads, and as many days
       before each. Literal ranges within one that spans them all, so that files and blocks of rows
       outside are passed over. #}
    {%- set ranges = changed_ranges(table_name) -%}
    {%- set latest = latest_moment() -%}
    {%- set conditions = [] -%}
    {%- for first, last in ranges -%}
        {%- do conditions.append(is_between_days(first, last, days_before, latest)) -%}
    {%- endfor -%}
    {%- if has_unreadable_day(table_name) -%}
        {%- do conditions.append(
            'occurred_at is null or not ' ~ is_possible_time('occurred_at', latest_time())
        ) -%}
    {%- elif conditions | length > 1 -%}
        {{ return('(' ~ is_between_days(ranges[0][0], ranges[-1][1], days_before, latest)
            ~ ' and (' ~ conditions | join(' or ') ~ '))') }}
    {%- endif -%}
    {{ return('(' ~ (conditions | join(' or ') or 'false') ~ ')') }}
{%- endmacro %}


{% macro has_unreadable_day(table_name) -%}
    {# Whether this run reads the rows of an event table whose time cannot be read. #}
    {%- set changed_days = ref('int_changed_event_days') -%}
    {{ return(read_value(
        "select count(*) from " ~ changed_days ~ " where table_name = '" ~ table_name
        ~ "' and occurred_on = " ~ unreadable_day(),
        [changed_days]
    )) }}
{%- endmacro %}


{% macro is_between_days(first, last, days_before, latest) -%}
    {#- What lies ahead of the run's clock belongs to none of its days. -#}
    {%- set day = modules.datetime.timedelta(days=1) -%}
    {{ return(
        "(occurred_at >= cast('" ~ (first - days_before * day) ~ "' as timestamp)"
        ~ " and occurred_at < cast('" ~ (last + day) ~ "' as timestamp)"
        ~ (" and occurred_at <= cast('" ~ latest ~ "' as timestamp)" if last + day > latest.date() else '')
        ~ ')'
    ) }}
{%- endmacro %}


{% macro changed_ranges(table_name) -%}
    {# First and last day of each stretch of days to read; days without any row join stretches. #}
    {%- set event_loads = ref('int_event_loads') -%}
    {%- set changed_days = ref('int_changed_event_days') -%}
    {%- set query = "
        with days as (
            select
                occurred_on,
                max(case when is_changed then 1 else 0 end) as is_changed
            from (
                select occurred_on, false as is_changed from " ~ event_loads ~ "
                where table_name = '" ~ table_name ~ "'
                union all
                select occurred_on, true from " ~ changed_days ~ "
                where table_name = '" ~ table_name ~ "'
            ) as all_days
            where occurred_on < " ~ unreadable_day() ~ "
            group by occurred_on
        ),

        numbered as (
            select
                occurred_on,
                is_changed,
                row_number() over (order by occurred_on)
                - row_number() over (partition by is_changed order by occurred_on) as stretch
            from days
        )

        select min(occurred_on), max(occurred_on)
        from numbered
        where is_changed = 1
        group by stretch
        order by 1
    " -%}
    {{ return(read_rows(query, [event_loads, changed_days])) }}
{%- endmacro %}


{% macro is_of_late_visitor() -%}
    {# A condition on occurred_at: the days that this run reads for nothing but the visitors that
       have just named themselves; false where there are no such visitors or days. #}
    {%- set event_loads = ref('int_event_loads') -%}
    {%- set changed_days = ref('int_changed_event_days') -%}
    {%- set named_visitors = ref('int_named_visitors') -%}
    {%- set first = read_value(
        "select min(loads.occurred_on)
        from " ~ event_loads ~ " as loads
        left join " ~ changed_days ~ " as changed
            on loads.table_name = changed.table_name and loads.occurred_on = changed.occurred_on
        where loads.table_name = 'web.events' and changed.occurred_on is null
            and loads.occurred_on >= (
                select min(read_from) from " ~ named_visitors ~ " where is_new
            )",
        [event_loads, changed_days, named_visitors]
    ) -%}
    {%- if first -%}
        {{ return(
            "(occurred_at >= cast('" ~ first ~ "' as timestamp) and not "
            ~ is_on_changed_day('web.events') ~ ')'
        ) }}
    {%- endif -%}
    {{ return('false') }}
{%- endmacro %}


{% macro delete_changed_days(table_name) -%}
    {# For a pre-hook: takes the days of an event table that this run reads out of a table, and
       those that are no longer kept. #}
    {%- set changed_days = ref('int_changed_event_days') -%}
    {%- set event_tables = ref('int_event_tables') -%}
    {%- if execute and load_relation(this) -%}
    delete from {{ this }}
    where
        table_name = '{{ table_name }}'
        and (
            occurred_on in (
                select changed.occurred_on from {{ changed_days }} as changed
                where changed.table_name = '{{ table_name }}'
            )
            or occurred_on < (select min(kept_from) from {{ event_tables }})
        )
    {%- endif -%}
{%- endmacro %}


{% macro is_followed(channel, event_type) -%}
    {# Whether any activity may be made of events of this type. #}
    (
        (select count(*) from {{ ref('followed_event_types') }} where channel = '{{ channel }}' and event_type = '') > 0
        or lower({{ event_type }}) in (
            select event_type from {{ ref('followed_event_types') }} where channel = '{{ channel }}'
        )
    )
{%- endmacro %}


{% macro delete_late_visitors() -%}
    {# For a pre-hook: takes out what visitors did namelessly who name themselves in this run, so
       that a run that died after putting it in does not put it in twice. #}
    {%- set named_visitors = ref('int_named_visitors') -%}
    {%- if execute and load_relation(this) -%}
    delete from {{ this }}
    where
        email_key is null
        and visitor_key in (select visitor_key from {{ named_visitors }} where is_new)
    {%- endif -%}
{%- endmacro %}


{% macro event_kind_key(channel, event_type, url_path='', search_term='', campaign_id='', product='', subject='') -%}
    {# The key of an event's kind: all that an activity definition may look at. #}
    {%- set parts = ["'" ~ channel ~ "'"] -%}
    {%- for column in [event_type, url_path, search_term, campaign_id, product, subject] -%}
        {%- do parts.append("coalesce(" ~ column ~ ", '')" if column else "''") -%}
    {%- endfor -%}
    {{ key_of(parts) }}
{%- endmacro %}
