{# What an engine is taught before a run, as functions in the schema of the marts. #}


{% macro create_functions() -%}
    {# The functions that the macros of this folder call; none on engines that have all they need. #}
    {{ return(adapter.dispatch('create_functions')()) }}
{%- endmacro %}

{% macro default__create_functions() -%}
{%- endmacro %}

{% macro postgres__create_functions() -%}
    create schema if not exists {{ target.schema }};
    {{ create_reading_functions() }}
    {{ create_rounding_function() }}
    {{ create_pattern_functions() }}
    {{ create_mask_function() }}
{%- endmacro %}


{% macro spark__create_functions() -%}
    {# dbt makes the schemas of what it builds alone. #}
    create schema if not exists {{ target.schema }}
{%- endmacro %}


{% macro own_function(name) -%}
    {{ return(target.schema ~ '.' ~ name) }}
{%- endmacro %}


{% macro run_one_by_one(statements) -%}
    {# For a hook: several statements, each with a semicolon behind it. Some engines take one at a time. #}
    {{ return(adapter.dispatch('run_one_by_one')(statements)) }}
{%- endmacro %}

{% macro default__run_one_by_one(statements) -%}
    {{ return(statements) }}
{%- endmacro %}

{% macro spark__run_one_by_one(statements) -%}
    {#- A column is never added: no warehouse on Spark is older than the columns. Nor does Spark hold that
        one is not null, or that a view is there of a table that goes. -#}
    {%- for statement in statements.split(';') if execute and statement.strip() -%}
        {%- if not statement.strip().startswith('alter table') -%}
            {%- do run_query(statement.replace('not null', '').replace(' cascade', '')) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('') }}
{%- endmacro %}


{% macro has_table(table) -%}
    {# Whether the engine has a table or view, now: dbt's own list also holds what a hook is about to
       make. #}
    {{ return(adapter.dispatch('has_table')(table) if execute else false) }}
{%- endmacro %}

{% macro default__has_table(table) -%}
    {{ return(run_query(
        "select count(*) from information_schema.tables where lower(table_schema) = lower('"
        ~ table.schema ~ "') and lower(table_name) = lower('" ~ table.identifier ~ "')"
    ).rows[0][0] > 0) }}
{%- endmacro %}

{% macro spark__has_table(table) -%}
    {%- if not run_query("show schemas like '" ~ table.schema ~ "'").rows -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(
        run_query("show tables in " ~ table.schema ~ " like '" ~ table.identifier ~ "'").rows | length > 0
    ) }}
{%- endmacro %}
