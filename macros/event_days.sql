{# Which rows of the event tables a run reads.

   Events are folded into one row per actor, kind of event, day and day of loading, and stay folded.
   A run looks at which loads have brought something since the last one and reads their rows, on the
   days they fall on. What the last run has seen stands in the tables of the source `events_read`,
   which are written last: a run that dies on its way is simply run again. #}


{% macro create_events_read() -%}
    {# The empty tables of the source `events_read`, where they are not there yet. On a full refresh,
       and where a table is missing, everything that has been folded is dropped and read again. #}
    {%- set schema = 'intermediate' -%}
    {%- set folded = ['int_web_event_days', 'int_email_event_days', 'int_crm_event_days',
        'int_visitor_identifications', 'int_event_kinds', 'int_user_agents',
        'int_quarantined_events'] -%}
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
    drop {{ relation.type }} if exists {{ relation }} cascade;
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
       the tables is not there yet. #}
    {%- for table in tables if not has_table(table) -%}
        {{ return([]) }}
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
    {# A condition on occurred_at: the days of an event table on which something is new, and as many
       days before each. Literal ranges within one that spans them all, so that files and blocks of
       rows outside are passed over. #}
    {%- set latest = latest_moment() -%}
    {%- set ranges = [] -%}
    {%- set conditions = [] -%}
    {%- set unreadable = [] -%}
    {%- for first, last, since, first_load, is_unreadable in changed_ranges(table_name) -%}
        {%- if is_unreadable -%}
            {%- do unreadable.append(
                'occurred_at is null or not ' ~ is_possible_time('occurred_at', latest_time())
            ) -%}
        {%- else -%}
            {%- do ranges.append([first, last]) -%}
            {%- do conditions.append(is_between_days(first, last, days_before, latest)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if conditions | length > 1 and not unreadable -%}
        {{ return('(' ~ is_between_days(ranges[0][0], ranges[-1][1], days_before, latest)
            ~ ' and (' ~ conditions | join(' or ') ~ '))') }}
    {%- endif -%}
    {{ return('(' ~ ((conditions + unreadable) | join(' or ') or 'false') ~ ')') }}
{%- endmacro %}


{% macro is_newly_loaded(table_name) -%}
    {# A condition on occurred_at and _loaded_at: the rows of an event table that this run reads. Of
       the days on which something is new, what has loaded since the first load that has changed;
       rows whose load cannot be told are always among them. #}
    {%- set days = is_on_changed_day(table_name) -%}
    {%- set ranges = changed_ranges(table_name) -%}
    {{ return(
        '((_loaded_at >= ' ~ start_of(ranges[0][2]) ~ ' or _loaded_at < ' ~ earliest_time()
        ~ ' or _loaded_at is null) and ' ~ days ~ ')' if ranges else 'false'
    ) }}
{%- endmacro %}


{% macro was_read_before(table_name) -%}
    {# The same for what loaded on these days before: what is new may repeat it. False where there is
       nothing. #}
    {%- set days = is_on_changed_day(table_name) -%}
    {%- set loaded = [] -%}
    {%- for first, last, since, first_load, is_unreadable in changed_ranges(table_name)
        if first_load < since -%}
        {%- do loaded.append('_loaded_at < ' ~ start_of(since)) -%}
    {%- endfor -%}
    {{ return('(' ~ loaded[0] ~ ' and ' ~ days ~ ')' if loaded else 'false') }}
{%- endmacro %}


{% macro start_of(day) -%}
    {{ return("cast('" ~ day ~ "' as timestamp)") }}
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
    {# First and last day of each stretch of days on which something is new, the load from which on
       they are read, the first load of them, and whether it is the day of rows whose time cannot be
       read, which is a stretch of its own. Days without any row join stretches. #}
    {%- set event_loads = ref('int_event_loads') -%}
    {%- set changed_days = ref('int_changed_event_days') -%}
    {%- set first = first_day_that_counts() -%}
    {%- if flags.FULL_REFRESH -%}
        {{ return([
            [first, latest_moment().date(), '1970-01-01', '1970-01-01', false],
            [none, none, '1970-01-01', '1970-01-01', true],
        ] if first else []) }}
    {%- endif -%}
    {%- set query = "
        with changed as (
            select
                occurred_on,
                read_from_load
            from " ~ changed_days ~ "
            where table_name = '" ~ table_name ~ "'
        ),

        loads as (
            select occurred_on, loaded_on from " ~ event_loads ~ "
            where table_name = '" ~ table_name ~ "'
            union all
            select occurred_on, read_from_load as loaded_on from changed
        ),

        days as (
            select
                loads.occurred_on,
                loads.occurred_on = " ~ unreadable_day() ~ " as is_unreadable,
                max(changed.read_from_load) as read_from_load,
                min(loads.loaded_on) as first_load
            from loads
            left join changed on loads.occurred_on = changed.occurred_on
            group by loads.occurred_on
        ),

        numbered as (
            select
                *,
                row_number() over (order by occurred_on)
                - row_number() over (partition by is_unreadable, read_from_load is null order by occurred_on) as stretch
            from days
        )

        select
            min(occurred_on) as first_day,
            max(occurred_on) as last_day,
            min(read_from_load) as read_from_load,
            min(first_load) as first_load,
            is_unreadable
        from numbered
        where read_from_load is not null
        group by is_unreadable, stretch
        order by first_day
    " -%}
    {{ return(read_rows(query, [event_loads, changed_days])) }}
{%- endmacro %}


{% macro first_day_that_counts() -%}
    {# The first day of which a full refresh reads events; none in any other run. #}
    {%- set event_tables = ref('int_event_tables') -%}
    {{ return(read_value(
        'select max(case when counts_from > kept_from then counts_from else kept_from end) from ' ~ event_tables,
        [event_tables]
    ) if flags.FULL_REFRESH else none) }}
{%- endmacro %}


{% macro is_of_new_visitors() -%}
    {# A condition on occurred_at: the days on which visitors who have just named themselves may have
       done something that counts; false where there are no such visitors or days. #}
    {%- set event_loads = ref('int_event_loads') -%}
    {%- set named_visitors = ref('int_named_visitors') -%}
    {%- set first = first_day_that_counts() or read_value(
        "select min(occurred_on) from " ~ event_loads ~ "
        where table_name = 'web.events'
            and occurred_on >= (select min(read_from) from " ~ named_visitors ~ " where is_new)",
        [event_loads, named_visitors]
    ) -%}
    {{ return('occurred_at >= ' ~ start_of(first) if first else 'false') }}
{%- endmacro %}


{% macro delete_changed_loads(table_name, load_day=none) -%}
    {# For a pre-hook: takes what this run reads of an event table out of a table, and the days that
       are no longer kept. `load_day` is the day a row of it loaded, null where that cannot be
       told; without it the days on which something is new are taken out whole. #}
    {%- set changed_days = ref('int_changed_event_days') -%}
    {%- set event_tables = ref('int_event_tables') -%}
    {%- set condition %}
        table_name = '{{ table_name }}'
        and (
            occurred_on in (
                select changed.occurred_on from {{ changed_days }} as changed
                where changed.table_name = '{{ table_name }}'
            )
            {%- if load_day %}
            and coalesce({{ load_day }}, {{ far_future() }}) >= (
                select min(changed.read_from_load) from {{ changed_days }} as changed
                where changed.table_name = '{{ table_name }}'
            )
            {%- endif %}
            or occurred_on < (select min(kept_from) from {{ event_tables }})
        )
    {%- endset -%}
    {{ delete_rows(this, condition) if execute and load_relation(this) }}
{%- endmacro %}


{% macro delete_late_visitors() -%}
    {# For a pre-hook: takes out what is known of visitors who name themselves in this run: all they
       did is read anew. #}
    {%- set named_visitors = ref('int_named_visitors') -%}
    {%- set condition = 'visitor_key in (select visitor_key from ' ~ named_visitors ~ ' where is_new)' -%}
    {{ delete_rows(this, condition) if execute and load_relation(this) }}
{%- endmacro %}


{% macro is_followed(channel, event_type) -%}
    {# Whether any activity may be made of events of this type. #}
    (
        (select count(*) from {{ ref('activity_definitions') }} where channel = '{{ channel }}' and event_type is null) > 0
        or lower({{ event_type }}) in (
            select lower(event_type) from {{ ref('activity_definitions') }} where channel = '{{ channel }}'
        )
    )
{%- endmacro %}


{% macro event_kind_key(channel, event_type, url_path='', search_term='', campaign_id='', product='', subject='') -%}
    {# The key of an event's kind: all that an activity definition may look at. #}
    {%- set parts = ["'" ~ channel ~ "'"] -%}
    {%- for column in [event_type, url_path, search_term, campaign_id, product, subject] -%}
        {%- do parts.append("coalesce(" ~ column ~ ", '')" if column else "''") -%}
    {%- endfor -%}
    {{ key_of(parts) }}
{%- endmacro %}
