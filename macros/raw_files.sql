{# Where a raw table is read from: files under LEADS_RAW, else a table of the warehouse. Which files
   there are, and what of them cannot be read, is asked of orchestration/lib/built/raw_files.py. #}


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
        {{ return(root.rstrip('/') or '/') }}
    {%- endif -%}
    {%- set leads = load_relation(source('crm', 'leads')) if execute else none -%}
    {{ return(none if leads else 'samples/raw') }}
{%- endmacro %}


{% macro raw_rows(relation) -%}
    {# The SQL to select a raw table from: its files, else the table in the warehouse, else none.
       Rows of files have a further column _file_name. #}
    {{ return(raw_files(relation) or load_relation(relation)) }}
{%- endmacro %}


{% macro raw_files(relation) -%}
    {# SQL that reads the files of a raw table, or none where there are no files. #}
    {{ return(adapter.dispatch('raw_files')(relation)) }}
{%- endmacro %}

{% macro default__raw_files(relation) -%}
    {{ return(none) }}
{%- endmacro %}

{% macro duckdb__raw_files(relation) -%}
    {%- set root = raw_root() -%}
    {%- if root is none -%}{{ return(none) }}{%- endif -%}
    {%- set contract = raw_contract(relation) -%}
    {%- set found = ask_about_files('describe_raw_table', [
        root, contract.source_name ~ '.' ~ contract.name, raw_table_names() | tojson
    ]) -%}
    {%- set parts = [] -%}
    {%- for group in found.groups -%}
        {%- do parts.append(read_files(group, root)) -%}
    {%- endfor -%}
    {%- if parts | length < 2 -%}
        {{ return(parts[0] if parts else none) }}
    {%- endif -%}
    {{ return('(select * from ' ~ parts | join(' union all by name select * from ') ~ ')') }}
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


{% macro raw_table_names() -%}
    {# Every raw table of the contract, as source.table. #}
    {%- set names = [] -%}
    {%- for node in graph.sources.values() if node.config.meta.get('key') -%}
        {%- do names.append(node.source_name ~ '.' ~ node.name) -%}
    {%- endfor -%}
    {{ return(names | sort) }}
{%- endmacro %}


{% macro quote_text(text) -%}
    {{ return("'" ~ text.replace("'", "''") ~ "'") }}
{%- endmacro %}


{% macro list_raw_files() -%}
    {# The files under the root of raw files: file_name, table_name, lines_file, warning; no rows on
       engines that read no files. #}
    {{ return(adapter.dispatch('list_raw_files')() if execute else []) }}
{%- endmacro %}

{% macro default__list_raw_files() -%}
    {{ return([]) }}
{%- endmacro %}

{% macro duckdb__list_raw_files() -%}
    {%- set root = raw_root() -%}
    {{ return(
        ask_about_files('describe_raw_files', [root, raw_table_names() | tojson]) if root else []
    ) }}
{%- endmacro %}


{% macro stack_raw_files() -%}
    {# The same as rows of a query. #}
    {%- set text = dbt.type_string() -%}
    {%- for file in list_raw_files() %}
    select
        {{ quote_text(file.file_name) }} as file_name,
        {{ quote_text(file.table_name) if file.table_name else 'cast(null as ' ~ text ~ ')' }} as table_name,
        {{ quote_text(file.warning) if file.warning else 'cast(null as ' ~ text ~ ')' }} as warning
    union all
    {%- endfor %}
    select
        cast(null as {{ text }}) as file_name,
        cast(null as {{ text }}) as table_name,
        cast(null as {{ text }}) as warning
    where 1 = 0
{%- endmacro %}


{% macro stack_unreadable_lines() -%}
    {# The lines of CSV files that cannot be read, as rows of a query. #}
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
    select
        cast(null as {{ dbt.type_string() }}) as table_name,
        cast(null as {{ dbt.type_string() }}) as file_name,
        cast(null as {{ dbt.type_bigint() }}) as line_number,
        cast(null as {{ dbt.type_string() }}) as reason,
        cast(null as {{ dbt.type_string() }}) as line
    where 1 = 0
{%- endmacro %}
