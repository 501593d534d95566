{# Where a raw table is read from: files under LEADS_RAW, else a table of the warehouse. How an engine
   reads files, if it does: engines/raw_files.sql. #}


{% macro raw_rows(relation) -%}
    {# The SQL to select a raw table from: its files, else the table in the warehouse, else none.
       Rows of files have a further column _file_name. #}
    {{ return(raw_files(relation) or load_relation(relation)) }}
{%- endmacro %}


{% macro raw_table_names() -%}
    {# Every raw table of the contract, as source.table. #}
    {%- set names = [] -%}
    {%- for node in graph.sources.values() if node.config.meta.get('key') -%}
        {%- do names.append(node.source_name ~ '.' ~ node.name) -%}
    {%- endfor -%}
    {{ return(names | sort) }}
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
