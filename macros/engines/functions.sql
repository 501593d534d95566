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


{% macro own_function(name) -%}
    {{ return(target.schema ~ '.' ~ name) }}
{%- endmacro %}
