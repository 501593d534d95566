{# Memory: DuckDB works inside the process that starts it, and is held to what it may take of it;
   servers are told by who runs them. #}


{% macro limit_memory() -%}
    {# Holds the engine to LEADS_MEMORY_LIMIT (`2GB`), beyond which it spills to disk beside the
       warehouse; without it to 6 GB, or to what the engine sees fit on a machine that has less:
       a daily refresh is not to take a server from its other work. #}
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
    {%- elif execute -%}
        {#- As DuckDB says it: `18.7 GiB`. -#}
        {%- set amount, unit = run_query("select current_setting('memory_limit')").rows[0][0].split(' ') -%}
        {%- if unit == 'TiB' or (unit == 'GiB' and amount | float > 5.6) %}
    set memory_limit = '6GB'
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
