{% macro limit_memory() -%}
    {# Holds the engine to LEADS_MEMORY_LIMIT (`2GB`), beyond which it spills to disk beside the
       warehouse; without it to what the engine sees fit. #}
    {{ return(adapter.dispatch('limit_memory')()) }}
{%- endmacro %}

{% macro default__limit_memory() -%}
{%- endmacro %}

{% macro duckdb__limit_memory() -%}
    {%- set limit = env_var('LEADS_MEMORY_LIMIT', '') -%}
    {%- if limit -%}
        {%- if not modules.re.fullmatch('[0-9]+([.][0-9]+)? ?[KMGT]i?B', limit) -%}
            {%- do exceptions.raise_compiler_error(
                "LEADS_MEMORY_LIMIT is '" ~ limit ~ "', which is no amount of memory: write it as 2GB."
            ) -%}
        {%- endif -%}
    set memory_limit = '{{ limit }}'
    {%- endif -%}
{%- endmacro %}
