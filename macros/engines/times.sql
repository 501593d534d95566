{# Days and times. What is added to a day or a time is said in other words, and Postgres rounds what
   DuckDB cuts off. #}


{% macro read_epoch(number) -%}
    {# A count since 1970-01-01 UTC where its size leaves no doubt what it counts: seconds have ten
       digits, milliseconds 13, microseconds 16, nanoseconds 19, from 2001 to 2286; shorter and other
       ones may be days or written dates. #}
    {{ return(adapter.dispatch('read_epoch')(number)) }}
{%- endmacro %}

{% macro default__read_epoch(number) -%}
    {# Nanoseconds as the engine divides: whole numbers leave the rest out. #}
    timestamp '1970-01-01' + interval '1 microsecond' * cast(case
        when {{ number }} >= 1e9 and {{ number }} < 1e10 then {{ number }} * 1000000
        when {{ number }} >= 1e12 and {{ number }} < 1e13 then {{ number }} * 1000
        when {{ number }} >= 1e15 and {{ number }} < 1e16 then {{ number }}
        when {{ number }} >= 1e18 and {{ number }} < 1e19 then {{ number }} / 1000
    end as {{ dbt.type_bigint() }})
{%- endmacro %}

{% macro duckdb__read_epoch(number) -%}
    make_timestamp(cast(case
        when {{ number }} >= 1000000000 and {{ number }} < 10000000000 then {{ number }} * 1000000
        when {{ number }} >= 1000000000000 and {{ number }} < 10000000000000 then {{ number }} * 1000
        when {{ number }} >= 1000000000000000 and {{ number }} < 10000000000000000 then {{ number }}
        when {{ number }} >= 1000000000000000000 and {{ number }} < 10000000000000000000 then {{ number }} // 1000
    end as bigint))
{%- endmacro %}

{% macro spark__read_epoch(number) -%}
    {#- Floating point is rounded as such, a half to the even number; whole numbers leave the rest out. -#}
    {%- set ways = [] -%}
    {%- for n, thousandth in [('cast(n as double)', '/ 1000D'), ('cast(n as decimal(38, 6))', 'div 1000')] -%}
        {%- set way -%}
            case when {{ n }} >= 1000000000 and {{ n }} < 10000000000 then {{ n }} * 1000000
            when {{ n }} >= 1000000000000 and {{ n }} < 10000000000000 then {{ n }} * 1000
            when {{ n }} >= 1000000000000000 and {{ n }} < 10000000000000000 then {{ n }}
            when {{ n }} >= 1000000000000000000 and {{ n }} < 10000000000000000000 then {{ n }} {{ thousandth }} end
        {%- endset -%}
        {%- do ways.append(way) -%}
    {%- endfor -%}
    get(transform(array({{ number }}), n -> timestamp_micros(case
        when typeof(n) in ('float', 'double') then cast(rint({{ ways[0] }}) as bigint)
        else cast(round({{ ways[1] }}) as bigint)
    end)), 0)
{%- endmacro %}


{% macro days_between(first, last) -%}
    {# Whole days from one date to another, as a number. #}
    {{ return(adapter.dispatch('days_between')(first, last)) }}
{%- endmacro %}

{% macro default__days_between(first, last) -%}
    cast({{ last }} - {{ first }} as integer)
{%- endmacro %}

{% macro spark__days_between(first, last) -%}
    datediff({{ last }}, {{ first }})
{%- endmacro %}


{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {# As dbt has it for other engines; dbt-spark's own one leaves out what is finer than a second. #}
    timestampadd({{ datepart }}, cast({{ interval }} as int), cast({{ from_date_or_timestamp }} as timestamp))
{%- endmacro %}
