{# Where a raw table is read from: files under LEADS_RAW, else a table of the warehouse. How an engine
   reads files, if it does: engines/raw_files.sql. #}


{% macro raw_rows(relation) -%}
    {# The SQL to select a raw table from: what LEADS_SOURCES makes of vendors' tables, else its files,
       else the table in the warehouse, else none. Rows of files have a further column _file_name. #}
    {%- set is_own = not sources() or 'own' in sources() -%}
    {{ return(source_rows(relation) or raw_files(relation) or (find_relation(relation) if is_own else none)) }}
{%- endmacro %}


{% macro raw_table_names() -%}
    {# Every raw table that is read, as source.table: those of the contract, or of LEADS_SOURCES. #}
    {%- set names = [] -%}
    {%- set vendors = sources() -%}
    {%- for node in graph.sources.values()
        if node.source_name in vendors or node.config.meta.get('key') and (not vendors or 'own' in vendors) -%}
        {%- do names.append(node.source_name ~ '.' ~ node.name) -%}
    {%- endfor -%}
    {{ return(names | sort) }}
{%- endmacro %}


{% macro stack_raw_files() -%}
    {# The same as rows of a query. #}
    {%- set text = dbt.type_string() -%}
    {#- Of a vendor's many tables a few are read: that is no warning. #}
    {%- for file in list_raw_files() %}
    {%- set is_known = not file.warning or file.file_name.split('/')[0] | lower in sources() %}
    select
        {{ quote_text(file.file_name) }} as file_name,
        {{ quote_text(file.table_name) if file.table_name else 'cast(null as ' ~ text ~ ')' }} as table_name,
        {{ quote_text(file.warning) if not is_known else 'cast(null as ' ~ text ~ ')' }} as warning
    union all
    {%- endfor %}
    select
        cast(null as {{ text }}) as file_name,
        cast(null as {{ text }}) as table_name,
        cast(null as {{ text }}) as warning
    where 1 = 0
{%- endmacro %}
