{# Reading the raw tables of the input contract.

   The contract itself (columns, types, keys) stands in models/staging/*/_*__sources.yml; these
   macros turn an entry of it into SQL: where the table is, which of its columns are there, and
   which of its rows can be read. #}


{% macro raw_contract(relation) -%}
    {# The sources.yml entry of a source relation. #}
    {%- for node in graph.sources.values() if node.relation_name == relation.include(database=true).render() -%}
        {{ return(node) }}
    {%- endfor -%}
{%- endmacro %}


{% macro raw_root() -%}
    {# The folder of raw files: LEADS_RAW; without it the generated sample, unless the warehouse
       itself holds raw leads; none on engines that read no files. #}
    {{ return(adapter.dispatch('raw_root')()) }}
{%- endmacro %}

{% macro default__raw_root() -%}
    {{ return(none) }}
{%- endmacro %}

{% macro duckdb__raw_root() -%}
    {%- set root = env_var('LEADS_RAW', '') -%}
    {%- if root -%}
        {{ return(root.rstrip('/')) }}
    {%- endif -%}
    {%- set leads = load_relation(source('crm', 'leads')) if execute else none -%}
    {{ return(none if leads else 'samples/raw') }}
{%- endmacro %}


{% macro raw_files(relation) -%}
    {# SQL that reads the files of a raw table, or none where there are no files. #}
    {{ return(adapter.dispatch('raw_files')(relation)) }}
{%- endmacro %}

{% macro default__raw_files(relation) -%}
    {{ return(none) }}
{%- endmacro %}

{% macro duckdb__raw_files(relation) -%}
    {%- set contract = raw_contract(relation) -%}
    {%- set root = raw_root() -%}
    {%- if root is none -%}{{ return(none) }}{%- endif -%}
    {%- set place = root ~ '/' ~ contract.source_name ~ '/' ~ contract.name -%}
    {%- set readers = {
        'parquet': "read_parquet({files}, union_by_name = true, hive_partitioning = false)",
        'csv': "read_csv({files}, header = true, all_varchar = true, union_by_name = true, "
            ~ "delim = ',', quote = '\"', escape = '\"', hive_partitioning = false)",
    } -%}
    {%- set found = [] -%}
    {%- for ending in readers -%}
        {%- for pattern in [place ~ '.' ~ ending, place ~ '/**/*.' ~ ending] -%}
            {%- set files = run_query("select file from glob('" ~ pattern.replace("'", "''") ~ "')") -%}
            {%- if files.rows | length > 0 -%}
                {%- set quoted = "'" ~ pattern.replace("'", "''") ~ "'" -%}
                {%- do found.append([pattern, readers[ending].replace('{files}', quoted)]) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if found | length > 1 -%}
        {%- do exceptions.raise_compiler_error(
            "The raw table " ~ contract.source_name ~ "." ~ contract.name ~ " is there more than once: "
            ~ (found | map(attribute=0) | join(' and ')) ~ ". Keep one of them."
        ) -%}
    {%- endif -%}
    {{ return(found[0][1] if found else none) }}
{%- endmacro %}


{% macro raw_rows(relation) -%}
    {# The SQL to select a raw table from: its files, else the table in the warehouse, else none. #}
    {%- set files = raw_files(relation) -%}
    {{ return(files or load_relation(relation)) }}
{%- endmacro %}


{% macro raw_columns(rows) -%}
    {# {lower-case column name: physical type} of a raw table; empty where there is none. #}
    {%- set types = {} -%}
    {%- if rows -%}
        {%- for column in get_column_schema_from_query('select * from ' ~ rows) -%}
            {%- do types.update({column.name | lower: column.data_type | lower}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(types) }}
{%- endmacro %}


{% macro demand_required_columns(contract, columns) -%}
    {# Stops the run with one sentence where a required table or column is missing. #}
    {%- set table = contract.source_name ~ '.' ~ contract.name -%}
    {%- set place = (raw_root() ~ '/' ~ contract.source_name ~ '/' ~ contract.name ~ ' (.parquet, .csv or a folder of them), or in the warehouse as ')
        if raw_root() else 'in the warehouse as ' -%}
    {%- set place = place ~ contract.schema ~ '.' ~ contract.identifier -%}
    {%- if not columns and not contract.config.meta.get('optional') -%}
        {%- do exceptions.raise_compiler_error(
            "The required raw table " ~ table ~ " is missing: it was looked for under " ~ place
            ~ ". Set LEADS_RAW to the folder of your raw files, or run `make sample` for the made-up ones."
        ) -%}
    {%- endif -%}
    {%- if columns -%}
        {%- for column in contract.columns.values()
            if column.config.meta.get('required') and column.name not in columns -%}
            {%- do exceptions.raise_compiler_error(
                "The raw table " ~ table ~ " has no column " ~ column.name ~ ", which is required. It has: "
                ~ (columns | join(', ')) ~ "."
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{% macro count_raw_rows(relation) -%}
    {# A query of one number: how many rows the raw table holds, straight from where it lies. #}
    {%- set rows = raw_rows(relation) if execute else relation -%}
    {%- if rows -%}
        (select count(*) from {{ rows }})
    {%- else -%}
        0
    {%- endif -%}
{%- endmacro %}


{% macro read_checked_rows(relation) -%}
    {# Every row of a raw table with its contract columns cast, and what is wrong with it.

       Beside the contract's columns each row has
       - quarantine_column, quarantine_value, quarantine_reason: the first thing wrong with it;
         null on rows that can be used,
       - on event tables occurred_on: the day it belongs to, the far future where its time cannot
         be read; repeats are found where a day's events are folded,
       - on all others copy_number: 1 on the copy of a usable row that counts (the one loaded
         first), 2 and more on repeated deliveries of it. #}
    {%- if not execute -%}{{ return('select 1 as parsed from ' ~ relation) }}{%- endif -%}
    {%- set contract = raw_contract(relation) -%}
    {%- set rows = raw_rows(relation) -%}
    {%- set physical = raw_columns(rows) -%}
    {%- do demand_required_columns(contract, physical) -%}
    {%- set key = contract.config.meta.key -%}
    {%- set names = contract.columns.values() | map(attribute='name') | list -%}

    {%- set checks = [] -%}
    {%- for name in key -%}
        {%- do checks.append([name ~ ' is null', name, 'null', 'is missing']) -%}
    {%- endfor -%}
    {%- for column in contract.columns.values() if column.data_type != 'text' -%}
        {%- if is_text(physical.get(column.name)) -%}
            {%- do checks.append([
                column.name ~ ' is null and ' ~ column.name ~ '__text is not null',
                column.name, column.name ~ '__text',
                'is not a ' ~ {'integer': 'whole number', 'boolean': 'true or false value'}.get(column.data_type, column.data_type)
            ]) -%}
        {%- endif -%}
        {%- if column.data_type == 'timestamp' and column.config.meta.get('required') -%}
            {%- do checks.append([column.name ~ ' is null', column.name, 'null', 'is missing']) -%}
        {%- endif -%}
        {#- Of the two comparisons the first is cheap, and false for nearly every row. -#}
        {%- if column.data_type == 'timestamp' and column.name != '_loaded_at' -%}
            {%- do checks.append([
                column.name ~ ' > _loaded_at and ' ~ column.name ~ ' > ' ~ dbt.dateadd('day', 1, '_loaded_at'),
                column.name, 'cast(' ~ column.name ~ ' as ' ~ dbt.type_string() ~ ')',
                'lies more than a day after its own _loaded_at'
            ]) -%}
        {%- endif -%}
        {%- if column.config.meta.get('not_negative') -%}
            {%- do checks.append([
                column.name ~ ' < 0',
                column.name, 'cast(' ~ column.name ~ ' as ' ~ dbt.type_string() ~ ')', 'is negative'
            ]) -%}
        {%- endif -%}
    {%- endfor -%}

with

read_rows as (

    select
    {%- for column in contract.columns.values() %}
        {{ read_column(column.name, column.data_type, physical.get(column.name)) }} as {{ column.name }}
        {%- if column.data_type != 'text' and is_text(physical.get(column.name)) %},
        {{ read_column(column.name, 'text', physical.get(column.name)) }} as {{ column.name }}__text
        {%- endif -%}
        {{ ',' if not loop.last }}
    {%- endfor %}
    {%- if rows %}
    from {{ rows }}
    {%- else %}
    where 1 = 0
    {%- endif %}

),

judged as (

    select
        {{ names | join(',\n        ') }},
        {%- for part in [["quarantine_column", 1], ['quarantine_value', 2], ['quarantine_reason', 3]] %}
        cast(case
            {%- for check in checks %}
            when {{ check[0] }} then {{ check[2] if part[0] == 'quarantine_value' else "'" ~ check[part[1]] ~ "'" }}
            {%- endfor %}
        end as {{ dbt.type_string() }}) as {{ part[0] }}{{ ',' if not loop.last }}
        {%- endfor %}
    from read_rows

)

select
    *,
    {%- if contract.config.meta.get('is_event') %}
    coalesce(cast(occurred_at as date), {{ unreadable_day() }}) as occurred_on
    {%- else %}
    row_number() over (
        partition by quarantine_reason is null, {{ contract.config.meta.unique_key | join(', ') }}
        order by _loaded_at, {{ key_of(names) }}
    ) as copy_number
    {%- endif %}
from judged
{%- endmacro %}


{% macro is_text(physical_type) -%}
    {{ return(physical_type is not none and ('char' in physical_type or 'text' in physical_type or 'string' in physical_type)) }}
{%- endmacro %}


{% macro read_column(name, data_type, physical_type) -%}
    {# One raw column as a contract type; null where it is missing, blank or cannot be read. #}
    {%- if physical_type is none -%}
        cast(null as {{ contract_type(data_type) }})
    {%- elif data_type == 'text' and is_text(physical_type) and name.endswith('_id') -%}
        {#- Ids are many and hardly ever have blanks around them: looking first is cheaper. -#}
        nullif(case when {{ name }} like ' %' or {{ name }} like '% ' then trim({{ name }}) else {{ name }} end, '')
    {%- elif data_type == 'text' -%}
        nullif(trim(cast({{ name }} as {{ dbt.type_string() }})), '')
    {%- elif data_type == 'timestamp' -%}
        {{ read_timestamp(name, physical_type) }}
    {%- elif is_text(physical_type) -%}
        {{ cast_or_null('trim(' ~ name ~ ')', contract_type(data_type)) }}
    {%- else -%}
        {{ cast_or_null(name, contract_type(data_type)) }}
    {%- endif -%}
{%- endmacro %}


{% macro contract_type(data_type) -%}
    {{ return({
        'text': dbt.type_string(),
        'timestamp': dbt.type_timestamp(),
        'integer': dbt.type_bigint(),
        'number': 'decimal(18, 2)',
        'boolean': dbt.type_boolean(),
    }[data_type]) }}
{%- endmacro %}


{% macro read_timestamp(name, physical_type) -%}
    {# A UTC timestamp without zone; text may carry an offset, which is applied. #}
    {{ return(adapter.dispatch('read_timestamp')(name, physical_type)) }}
{%- endmacro %}

{% macro default__read_timestamp(name, physical_type) -%}
    {{ cast_or_null(name, dbt.type_timestamp()) }}
{%- endmacro %}

{% macro duckdb__read_timestamp(name, physical_type) -%}
    {%- if is_text(physical_type) -%}
        try_cast(trim({{ name }}) as timestamptz) at time zone 'UTC'
    {%- elif 'with time zone' in physical_type -%}
        {{ name }} at time zone 'UTC'
    {%- else -%}
        try_cast({{ name }} as timestamp)
    {%- endif -%}
{%- endmacro %}
