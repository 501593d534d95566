{# Reading the raw tables of the input contract.

   The contract itself (columns, types, keys) stands in models/staging/*/_*__sources.yml; these
   macros turn an entry of it into SQL: which of its columns are there, and which of its rows can be
   read. Where a table is: raw_files.sql; how a value is read: raw_values.sql. #}


{% macro raw_contract(relation) -%}
    {# The sources.yml entry of a source relation. #}
    {%- for node in graph.sources.values()
        if node.schema == relation.schema and node.identifier == relation.identifier -%}
        {{ return(node) }}
    {%- endfor -%}
{%- endmacro %}


{% macro raw_columns(rows) -%}
    {# {lower-case column name: physical type} of a raw table; empty where there is none. #}
    {%- set types = {} -%}
    {%- if rows -%}
        {%- for column in columns_of_rows(rows) -%}
            {%- do types.update({column.name | lower: column.data_type | lower}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(types) }}
{%- endmacro %}


{% macro demand_required_columns(contract, columns) -%}
    {# Stops the run with one sentence where a required table or column is missing. Columns that the
       contract does not know are not named: where a file lacks its header, they are a row. #}
    {%- set table = contract.source_name ~ '.' ~ contract.name -%}
    {%- if table == 'crm.leads' -%}{%- do demand_people() -%}{%- endif -%}
    {%- set place = (raw_root() ~ '/' ~ contract.source_name ~ '/' ~ contract.name ~ ' (.parquet, .csv or a folder of them), or in the warehouse as ')
        if raw_root() else 'in the warehouse as ' -%}
    {%- set place = place ~ contract.schema ~ '.' ~ contract.identifier -%}
    {%- if not columns and not contract.config.meta.get('optional') -%}
        {%- set strays = list_raw_files() | map(attribute='warning') | select | list -%}
        {%- do exceptions.raise_compiler_error(
            "The required raw table " ~ table ~ " is missing: it was looked for under " ~ place
            ~ ". Set LEADS_RAW to the folder of your raw files, or run `make sample` for the made-up ones."
            ~ (' ' ~ strays[:5] | join(' ') if strays else '')
        ) -%}
    {%- endif -%}
    {%- if columns -%}
        {%- set known = contract.columns.keys() | select('in', columns) | list -%}
        {%- for column in contract.columns.values()
            if column.config.meta.get('required') and column.name not in columns -%}
            {%- do exceptions.raise_compiler_error(
                "The raw table " ~ table ~ " has no column " ~ column.name ~ ", which is required. "
                ~ ("Of the columns it may have it has: " ~ known | join(', ') ~ "." if known
                    else "It has none of its columns: does its first line name them?")
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{% macro count_raw_rows(relation) -%}
    {# A query of one number: how many rows the raw table holds, straight from where it lies; lines
       that cannot be read as rows are not among them. #}
    {%- do depend_on_sources() -%}
    {%- set rows = raw_rows(relation) if execute else relation -%}
    {%- if rows -%}
        (select count(*) from {{ rows }})
    {%- else -%}
        0
    {%- endif -%}
{%- endmacro %}


{% macro read_checked_rows(relation, among=none) -%}
    {# Every row of a raw table with its contract columns cast, and what is wrong with it.

       Beside the contract's columns each row has
       - quarantine_column, quarantine_value, quarantine_reason: the first thing wrong with it;
         null on rows that can be used,
       - file_name: the file it comes from, null where it comes from none,
       - first_seen_at: when it was loaded, null where no such time can be,
       - on event tables occurred_on and loaded_on: the days it belongs to, the far future where its
         time is none that can be; repeats are found where a day's events are folded,
       - on all others copy_number: 1 on the copy of a usable row that counts (the one loaded
         first), 2 and more on repeated deliveries of it.

       Of a person who was erased (erasures.sql) a row has no more than its times, and is quarantined.

       A timestamp that the engine knows as one is passed on as it is, also where it cannot be: to
       look at it would keep files and blocks of rows from being passed over.

       among: a text column of the contract and a query of the values to read alone. Rows are dropped
       before anything else of them is looked at. #}
    {%- do depend_on_sources() -%}
    {%- if not execute -%}{{ return('select 1 as parsed from ' ~ relation) }}{%- endif -%}
    {%- set contract = raw_contract(relation) -%}
    {%- set rows = raw_rows(relation) -%}
    {%- set physical = raw_columns(rows) -%}
    {%- set has_file = physical.pop('_file_name', none) is not none -%}
    {%- do demand_required_columns(contract, physical) -%}
    {%- set key = contract.config.meta.key -%}
    {%- set names = contract.columns.values() | map(attribute='name') | list -%}

    {%- set now_and_a_day = latest_time() -%}
    {%- set erased = erased_condition(physical | list) -%}
    {#- A deal is not a person's: it stays, for its account and the forecast, and names nobody. -#}
    {%- set is_of_person = contract.name != 'opportunities' -%}
    {%- set checks = [] -%}
    {%- set reading = namespace(is_costly=false) -%}
    {%- if erased and is_of_person -%}
        {%- do checks.append(['is_erased', erased[0], 'null', "'" ~ erased_reason() ~ "'"]) -%}
    {%- endif -%}
    {%- for name in key -%}
        {%- do checks.append([name ~ ' is null', name, 'null', "'is missing'"]) -%}
    {%- endfor -%}
    {%- for column in contract.columns.values() if column.data_type != 'text' -%}
        {%- set arrived = 'cast(' ~ column.name ~ ' as ' ~ dbt.type_string() ~ ')' -%}
        {%- if may_be_unreadable(column.data_type, physical.get(column.name)) -%}
            {%- set arrived = column.name ~ '__raw' -%}
            {%- set reading.is_costly = true -%}
            {%- do checks.append([
                column.name ~ ' is null and ' ~ arrived ~ ' is not null',
                column.name, arrived, why_unreadable(arrived, column.data_type)
            ]) -%}
        {%- endif -%}
        {%- if column.data_type == 'timestamp' -%}
            {%- if column.config.meta.get('required') -%}
                {%- do checks.append([column.name ~ ' is null', column.name, 'null', "'is missing'"]) -%}
            {%- endif -%}
            {%- set latest = far_future() if column.config.meta.get('may_lie_ahead') else now_and_a_day -%}
            {%- do checks.append([
                'not ' ~ is_possible_time(column.name, latest),
                column.name, arrived, why_impossible(column.name, latest)
            ]) -%}
            {#- Of the two comparisons the first is cheap, and false for nearly every row. -#}
            {%- if column.name != '_loaded_at' and not column.config.meta.get('may_lie_ahead') -%}
                {%- do checks.append([
                    column.name ~ ' > _loaded_at and ' ~ column.name ~ ' > ' ~ dbt.dateadd('day', 1, '_loaded_at'),
                    column.name, arrived, "'lies more than a day after its own _loaded_at'"
                ]) -%}
            {%- endif -%}
        {%- endif -%}
        {%- if column.config.meta.get('not_negative') -%}
            {%- do checks.append([column.name ~ ' < 0', column.name, arrived, "'is negative'"]) -%}
        {%- endif -%}
    {%- endfor -%}

with

read_rows as (

    select
    {%- for column in contract.columns.values() %}
        {{ read_column(column.name, column.data_type, physical.get(column.name)) }} as {{ column.name }},
        {%- if column.data_type != 'text' and may_be_unreadable(column.data_type, physical.get(column.name)) %}
        {{ read_column(column.name, 'text', physical.get(column.name)) }} as {{ column.name }}__raw,
        {%- endif -%}
    {%- endfor %}
        {{ ('substr(_file_name, ' ~ (raw_root() | length + 2) ~ ')' if raw_root() else '_file_name') if has_file
            else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as file_name
    {%- if rows %}
    from {{ rows }}
        {%- if among %}
    where {{ read_column(among[0], 'text', physical.get(among[0])) }} in ({{ among[1] }})
        {%- endif %}
    {%- else %}
    where 1 = 0
    {%- endif %}
    {{ read_each_once() if reading.is_costly }}

),

{% if erased -%}
recognized as (

    select
        *,
        {{ erased[1] }} as is_erased
    from read_rows

),

{% endif -%}
judged as (

    select
        {%- for name in names %}
        {%- if erased and (name == 'lead_id' or is_of_person and name not in ['occurred_at', '_loaded_at']) %}
        case when not is_erased then {{ name }} end as {{ name }},
        {%- else %}
        {{ name }},
        {%- endif %}
        {%- endfor %}
        file_name,
        {%- for part in [["quarantine_column", 1], ['quarantine_value', 2], ['quarantine_reason', 3]] %}
        cast(case
            {%- for check in checks %}
            when {{ check[0] }} then {{ "'" ~ check[1] ~ "'" if part[1] == 1 else check[part[1]] }}
            {%- endfor %}
        end as {{ dbt.type_string() }}) as {{ part[0] }},
        {%- endfor %}
        case when {{ is_possible_time('_loaded_at', now_and_a_day) }} then _loaded_at end as first_seen_at
    from {{ 'recognized' if erased else 'read_rows' }}

)

select
    *,
    {%- if contract.config.meta.get('is_event') %}
    case when {{ is_possible_time('occurred_at', now_and_a_day) }} then cast(occurred_at as date) else {{ unreadable_day() }} end
        as occurred_on,
    case when {{ is_possible_time('_loaded_at', now_and_a_day) }} then cast(_loaded_at as date) else {{ far_future() }} end
        as loaded_on
    {%- else %}
    row_number() over (
        partition by quarantine_reason is null, {{ contract.config.meta.unique_key | join(', ') }}
        order by _loaded_at, {{ key_of(names) }}
    ) as copy_number
    {%- endif %}
from judged
{%- endmacro %}


{% macro quarantined_of(table_name, relation, key, key_part=none) -%}
    {# The rows of a raw table that cannot be used, read from its checked rows. #}
    select
        '{{ table_name }}' as table_name,
        {{ key }} as row_key,
        {{ key_part or 'cast(null as ' ~ dbt.type_string() ~ ')' }} as row_key_part,
        quarantine_column as column_name,
        quarantine_value as value,
        quarantine_reason as reason,
        first_seen_at,
        file_name,
        cast(null as {{ dbt.type_bigint() }}) as line_number
    from {{ relation }}
    where quarantine_reason is not null
{%- endmacro %}
