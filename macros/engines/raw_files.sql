{# Raw files. DuckDB reads them where they lie, and asks orchestration/lib/built/raw_files.py what there
   is and what of it cannot be read. Other engines read none: `leads load` writes the rows into the raw
   tables of the warehouse, and what there was into the tables of the schema `raw_files`. #}


{% macro raw_root() -%}
    {# The folder of raw files: LEADS_RAW; without it the generated sample, unless the warehouse
       itself holds raw leads or LEADS_SOURCES says what is read; none on engines that read no files. #}
    {{ return(adapter.dispatch('raw_root')()) }}
{%- endmacro %}

{% macro default__raw_root() -%}
    {{ return(none) }}
{%- endmacro %}

{% macro duckdb__raw_root() -%}
    {%- set root = env_var('LEADS_RAW', '') -%}
    {%- if root -%}
        {{ return(root.rstrip('/') or '/') }}
    {%- endif -%}
    {%- if sources() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set leads = load_relation(source('crm', 'leads')) if execute else none -%}
    {{ return(none if leads else 'samples/raw') }}
{%- endmacro %}


{% macro is_sample() -%}
    {# Whether it is the generated sample that is scored. #}
    {{ return(adapter.dispatch('is_sample')()) }}
{%- endmacro %}

{% macro default__is_sample() -%}
    {%- set loaded = api.Relation.create(target.database, 'raw_files', 'roots', type='table') -%}
    {{ return(read_value('select max(root) from ' ~ loaded, [loaded]) == 'samples/raw') }}
{%- endmacro %}

{% macro duckdb__is_sample() -%}
    {{ return(raw_root() == 'samples/raw') }}
{%- endmacro %}


{% macro raw_files(relation) -%}
    {# SQL that reads the files of a raw table, or none where there are no files. #}
    {%- set contract = raw_contract(relation) -%}
    {{ return(files_of_table(contract.source_name ~ '.' ~ contract.name)) }}
{%- endmacro %}


{% macro files_of_table(name) -%}
    {# The same by the name of a table, of the contract or of LEADS_SOURCES. #}
    {{ return(adapter.dispatch('files_of_table')(name)) }}
{%- endmacro %}

{% macro default__files_of_table(name) -%}
    {{ return(none) }}
{%- endmacro %}

{% macro duckdb__files_of_table(name) -%}
    {%- set root = raw_root() -%}
    {%- if root is none -%}{{ return(none) }}{%- endif -%}
    {%- set found = ask_about_files('describe_raw_table', [root, name, raw_table_names() | tojson]) -%}
    {%- set parts = [] -%}
    {%- for group in found.groups -%}
        {%- do parts.append(read_files(group, root)) -%}
    {%- endfor -%}
    {%- if parts | length < 2 -%}
        {{ return(parts[0] if parts else none) }}
    {%- endif -%}
    {{ return('(select * from ' ~ parts | join(' union all by name select * from ') ~ ')') }}
{%- endmacro %}


{% macro list_raw_files() -%}
    {# The files under the root of raw files: file_name, table_name, lines_file, warning; of what was
       loaded on engines that read no files. #}
    {{ return(adapter.dispatch('list_raw_files')() if execute else []) }}
{%- endmacro %}

{% macro default__list_raw_files() -%}
    {%- set loaded = api.Relation.create(target.database, 'raw_files', 'files', type='table') -%}
    {%- set files = [] -%}
    {%- for file_name, table_name, warning in read_rows(
        'select file_name, table_name, warning from ' ~ loaded ~ ' order by file_name', [loaded]
    ) -%}
        {%- do files.append({'file_name': file_name, 'table_name': table_name, 'warning': warning}) -%}
    {%- endfor -%}
    {{ return(files) }}
{%- endmacro %}

{% macro duckdb__list_raw_files() -%}
    {%- set root = raw_root() -%}
    {{ return(
        ask_about_files('describe_raw_files', [root, raw_table_names() | tojson]) if root else []
    ) }}
{%- endmacro %}


{% macro read_files(group, root) -%}
    {# DuckDB's call that reads files of one kind. #}
    {%- set files = [] -%}
    {%- for file in group.files -%}
        {%- do files.append(quote_text(file if group.name else root ~ '/' ~ file)) -%}
    {%- endfor -%}
    {%- set files = '[' ~ files | join(', ') ~ ']' -%}
    {%- if group.format == 'parquet' -%}
        {{ return('read_parquet(' ~ files ~ ", union_by_name = true, hive_partitioning = false, filename = '_file_name')") }}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for name in group.columns -%}
        {%- do columns.append(quote_text(name) ~ ": 'varchar'") -%}
    {%- endfor -%}
    {%- set reader = 'read_csv(' ~ files ~ ", auto_detect = false, header = true, delim = '" ~ group.delimiter
        ~ "', quote = '\"', escape = '\"', compression = '" ~ group.compression
        ~ "', columns = {" ~ columns | join(', ') ~ '}, hive_partitioning = false' -%}
    {%- if group.name -%}
        {{ return('(select *, ' ~ quote_text(root ~ '/' ~ group.name) ~ ' as _file_name from ' ~ reader ~ '))') }}
    {%- endif -%}
    {{ return(reader ~ ", filename = '_file_name')") }}
{%- endmacro %}


{% macro ask_about_files(function, arguments) -%}
    {# The answer of one of the functions of orchestration/lib/built/raw_files_plugin.py. Stops the run with
       its sentence where files cannot be read at all. #}
    {%- set texts = [] -%}
    {%- for argument in arguments -%}
        {%- do texts.append(quote_text(argument)) -%}
    {%- endfor -%}
    {%- set answer = fromjson(
        run_query('select ' ~ function ~ '(' ~ texts | join(', ') ~ ')').rows[0][0]
    ) -%}
    {%- if answer is mapping and answer.problem -%}
        {%- do exceptions.raise_compiler_error(answer.problem) -%}
    {%- endif -%}
    {{ return(answer) }}
{%- endmacro %}


{% macro stack_unreadable_lines() -%}
    {# The lines of CSV files that cannot be read, as rows of a query. #}
    {{ return(adapter.dispatch('stack_unreadable_lines')()) }}
{%- endmacro %}

{% macro default__stack_unreadable_lines() -%}
    {%- set lines = load_relation(
        api.Relation.create(target.database, 'raw_files', 'lines', type='table')
    ) if execute else none -%}
    {%- if lines %}
    select
        table_name,
        file_name,
        line_number,
        reason,
        line
    from {{ lines }}
    {%- else %}
    {{ no_unreadable_lines() }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__stack_unreadable_lines() -%}
    {%- for file in list_raw_files() if file.lines_file %}
    select
        {{ quote_text(file.table_name) }} as table_name,
        {{ quote_text(file.file_name) }} as file_name,
        line_number,
        reason,
        line
    from read_csv(
        {{ quote_text(file.lines_file) }}, auto_detect = false, header = true, delim = ',',
        quote = '"', escape = '"', columns = {'line_number': 'bigint', 'reason': 'varchar', 'line': 'varchar'}
    )
    union all
    {%- endfor %}
    {{ no_unreadable_lines() }}
{%- endmacro %}

{% macro no_unreadable_lines() -%}
    select
        cast(null as {{ dbt.type_string() }}) as table_name,
        cast(null as {{ dbt.type_string() }}) as file_name,
        cast(null as {{ dbt.type_bigint() }}) as line_number,
        cast(null as {{ dbt.type_string() }}) as reason,
        cast(null as {{ dbt.type_string() }}) as line
    where 1 = 0
{%- endmacro %}


{% macro columns_of_rows(rows) -%}
    {# The columns of a raw table, as the engine knows them: `rows` is what raw_rows gives. #}
    {{ return(adapter.dispatch('columns_of_rows')(rows)) }}
{%- endmacro %}

{% macro default__columns_of_rows(rows) -%}
    {{ return(adapter.get_columns_in_relation(rows)) }}
{%- endmacro %}

{% macro duckdb__columns_of_rows(rows) -%}
    {{ return(get_column_schema_from_query('select * from ' ~ rows)) }}
{%- endmacro %}


{% macro register_tables(tables) -%}
    {# For `leads load` on Spark: tables made of the Parquet files in a folder: schema, name, path. The
       files stay when a table is dropped. #}
    {%- for table in tables -%}
        {%- do run_query('create schema if not exists ' ~ table.schema) -%}
        {%- do run_query('drop table if exists ' ~ table.schema ~ '.' ~ table.name) -%}
        {%- do run_query(
            'create table ' ~ table.schema ~ '.' ~ table.name ~ ' using parquet location '
            ~ quote_text(table.path)
        ) -%}
    {%- endfor -%}
{%- endmacro %}
