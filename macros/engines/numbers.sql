{# Numbers. 7 / 2 is 3.5 on DuckDB and 3 on Postgres, and what is smaller than floating point can tell
   is 0 there and an error here. #}


{% macro type_double() -%}
    {# Floating point of 64 bits: dbt's type_float is one of 32 on DuckDB, good to seven digits. #}
    {{ return(adapter.dispatch('type_double')()) }}
{%- endmacro %}

{% macro default__type_double() -%}
    double precision
{%- endmacro %}


{% macro whole_part(number, divisor) -%}
    {# How often the divisor goes into a whole number. #}
    {{ return(adapter.dispatch('whole_part')(number, divisor)) }}
{%- endmacro %}

{% macro default__whole_part(number, divisor) -%}
    ({{ number }} / {{ divisor }})
{%- endmacro %}

{% macro duckdb__whole_part(number, divisor) -%}
    ({{ number }} // {{ divisor }})
{%- endmacro %}


{% macro fade(age, half_life_days) -%}
    {# What is left at an age, in days, of what halves in so many. #}
    {{ return(adapter.dispatch('fade')(age, half_life_days)) }}
{%- endmacro %}

{% macro default__fade(age, half_life_days) -%}
    power(0.5, {{ age }} / {{ half_life_days }})
{%- endmacro %}

{% macro postgres__fade(age, half_life_days) -%}
    {%- set half_lives = 'cast(' ~ age ~ ' as double precision) / ' ~ half_life_days -%}
    power(0.5, case when {{ half_lives }} > 1000 then 1000 else {{ half_lives }} end)
{%- endmacro %}
