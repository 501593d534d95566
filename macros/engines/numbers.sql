{# Numbers. On DuckDB 7 / 2 is 3.5, a quotient of decimals is floating point, and a floating point number
   becomes a decimal by its binary value: 4.6362499999999995, which is what 185.45 / 40 is there, becomes
   4.6362. On Postgres 7 / 2 is 3, the quotient is the decimal 4.63625, and either becomes 4.6363; and what
   is smaller than floating point can tell is 0 there and an error here. #}


{% macro type_double() -%}
    {# Floating point of 64 bits: dbt's type_float is one of 32 on DuckDB, good to seven digits. #}
    {{ return(adapter.dispatch('type_double')()) }}
{%- endmacro %}

{% macro default__type_double() -%}
    double precision
{%- endmacro %}

{% macro spark__type_double() -%}
    double
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

{% macro spark__whole_part(number, divisor) -%}
    ({{ number }} div {{ divisor }})
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

{% macro spark__fade(age, half_life_days) -%}
    power(5e-1D, cast({{ age }} as double) / {{ half_life_days }})
{%- endmacro %}


{% macro divided(number, divisor) -%}
    {# The quotient of two numbers, in floating point. #}
    {{ return(adapter.dispatch('divided')(number, divisor)) }}
{%- endmacro %}

{% macro default__divided(number, divisor) -%}
    {{ number }} / ({{ divisor }})
{%- endmacro %}

{% macro postgres__divided(number, divisor) -%}
    cast({{ number }} as double precision) / ({{ divisor }})
{%- endmacro %}

{% macro spark__divided(number, divisor) -%}
    cast({{ number }} as double) / ({{ divisor }})
{%- endmacro %}


{% macro as_decimal(number, digits, places) -%}
    {# A floating point number as a decimal: to the nearest, a half away from zero. #}
    {{ return(adapter.dispatch('as_decimal')(number, digits, places)) }}
{%- endmacro %}

{% macro default__as_decimal(number, digits, places) -%}
    cast({{ number }} as decimal({{ digits }}, {{ places }}))
{%- endmacro %}

{% macro postgres__as_decimal(number, digits, places) -%}
    cast({{ own_function('round_double') }}({{ number }}, {{ places }}) as decimal({{ digits }}, {{ places }}))
{%- endmacro %}

{% macro spark__as_decimal(number, digits, places) -%}
    {#- A cast goes by the digits that it is printed with, and not by the binary value. -#}
    cast(cast(round(cast({{ number }} as double) * 1e{{ places }}D) as decimal({{ digits }}, 0))
        * cast(1e-{{ places }}BD as decimal({{ [places + 1, 2] | max }}, {{ places }})) as decimal({{ digits }}, {{ places }}))
{%- endmacro %}


{% macro create_rounding_function() -%}
    {# By the binary value, which a cast to numeric cuts to 15 digits before it rounds. Eighteen digits
       are exact: of what is larger no engine tells a hundredth apart. #}
    create or replace function {{ own_function('round_double') }}(number double precision, places integer)
    returns numeric language sql immutable strict parallel safe as $function$
        select case
            when abs(number) * power(10, places) < 1e18
                then (
                    cast(trunc(number * power(10, places)) as bigint)
                    + case
                        when abs(number * power(10, places) - trunc(number * power(10, places))) >= 0.5
                            then cast(sign(number) as bigint)
                        else 0
                    end
                ) * power(10::numeric, -places)
            else cast(number as numeric)
        end
    $function$;
{%- endmacro %}
