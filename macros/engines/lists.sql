{# Lists: DuckDB's and Postgres' aggregates of the largest of a group have other names. #}


{% macro largest(number, condition) -%}
    {# The largest numbers of a group where a condition holds, as many as reasons_shown, in a list,
       the largest first; an aggregate. #}
    {{ return(adapter.dispatch('largest')(number, condition)) }}
{%- endmacro %}

{% macro default__largest(number, condition) -%}
    (array_agg({{ number }} order by {{ number }} desc) filter (where {{ condition }}))[1:{{ reasons_shown() }}]
{%- endmacro %}

{% macro duckdb__largest(number, condition) -%}
    max({{ number }}, {{ reasons_shown() }}) filter ({{ condition }})
{%- endmacro %}

{% macro spark__largest(number, condition) -%}
    slice(sort_array(collect_list(case when {{ condition }} then {{ number }} end), false), 1, {{ reasons_shown() }})
{%- endmacro %}


{% macro item_of(list, place) -%}
    {# An item of a list, the first at place 1; null beyond its end. #}
    {{ return(adapter.dispatch('item_of')(list, place)) }}
{%- endmacro %}

{% macro default__item_of(list, place) -%}
    {{ list }}[{{ place }}]
{%- endmacro %}

{% macro spark__item_of(list, place) -%}
    get({{ list }}, {{ place }} - 1)
{%- endmacro %}
