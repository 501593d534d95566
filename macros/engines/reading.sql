{# Text that is read as a number or a time. DuckDB has try_cast, which gives null where a text is none;
   Postgres stops the statement, and reads other texts than DuckDB does: each takes what the other
   refuses (1_000, infinity, the second 60, the year 0). #}


{% macro cast_or_null(expression, data_type) -%}
    {# The expression as another type, null where it cannot be read as one. #}
    {{ return(adapter.dispatch('cast_or_null')(expression, data_type)) }}
{%- endmacro %}

{% macro default__cast_or_null(expression, data_type) -%}
    {{ dbt.safe_cast(expression, data_type) }}
{%- endmacro %}

{% macro duckdb__cast_or_null(expression, data_type) -%}
    try_cast({{ expression }} as {{ data_type }})
{%- endmacro %}

{% macro postgres__cast_or_null(expression, data_type) -%}
    {%- set text = 'cast(' ~ expression ~ ' as text)' -%}
    {%- set shape = modules.re.fullmatch('(?:decimal|numeric) *[(]([0-9]+), *([0-9]+)[)]', data_type) -%}
    {%- if shape -%}
        cast({{ own_function('read_decimal') }}(
            {{ text }}, {{ shape.group(1) }}, {{ shape.group(2) }}
        ) as {{ data_type }})
    {%- elif data_type == dbt.type_bigint() -%}
        {{ own_function('read_bigint') }}({{ text }})
    {%- elif data_type == 'date' -%}
        {#- The hour 24 is the next day as a time alone. -#}
        cast({{ own_function('read_time') }}(regexp_replace({{ text }}, '[ T]24:', ' 00:')) as date)
    {%- elif data_type == dbt.type_timestamp() -%}
        {{ own_function('read_time') }}({{ text }})
    {%- elif data_type == type_double() -%}
        {{ own_function('read_double') }}({{ text }})
    {%- else -%}
        {%- do exceptions.raise_compiler_error('No text is read as ' ~ data_type ~ ' on Postgres.') -%}
    {%- endif -%}
{%- endmacro %}

{% macro spark__cast_or_null(expression, data_type) -%}
    {#- A list of one gives a name to what is looked at several times. -#}
    {%- set number = '^\\\\s*[+-]?([0-9](_?[0-9])*[.]?([0-9](_?[0-9])*)?|[.][0-9](_?[0-9])*)([eE][+-]?[0-9]+)?\\\\s*\\\\z' -%}
    {%- set decimal = modules.re.fullmatch('(?:decimal|numeric) *[(]([0-9]+), *([0-9]+)[)]', data_type) -%}
    get(transform(array(cast({{ expression }} as string)), read_text ->
    {%- if decimal or data_type == dbt.type_bigint() %}
        case
            when read_text rlike '{{ number }}'
                then {{ 'try_cast(' if not decimal }}try_cast(replace(read_text, '_', '') as {{ data_type if decimal else 'decimal(20, 0)' }})
                {{- ' as bigint)' if not decimal }}
        end
    {%- elif data_type == type_double() %}
        case
            when read_text rlike '(?i)^\\s*[+-]?(nan|inf|infinity)\\s*\\z' or read_text rlike '{{ number }}'
                then try_cast(replace(read_text, '_', '') as double)
        end
    {%- elif data_type in ['date', dbt.type_timestamp()] %}
        {#- Spark has no hour 24, which is the end of the day. -#}
        {%- set day = '[0-9]{4}([-/])[0-9]{1,2}\\\\1[0-9]{1,2}' -%}
        {%- set whole = "replace(trim(read_text), '/', '-')" -%}
        {%- set midnight = "try_cast(split(" ~ whole ~ ", '[ T]')[0] as timestamp)" %}
        case
            when read_text rlike '^\\s*{{ day }}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?\\s*\\z'
                then {{ 'cast(' if data_type == 'date' }}case
                    when read_text rlike '[ T]24:00(:00([.](0+|0{6}[0-9]+))?)?\\s*\\z'
                        then {{ midnight if data_type == 'date' else 'timestampadd(day, 1, ' ~ midnight ~ ')' }}
                    else try_cast({{ whole }} as timestamp)
                end{{ ' as date)' if data_type == 'date' }}
        end
    {%- else -%}
        {%- do exceptions.raise_compiler_error('No text is read as ' ~ data_type ~ ' on Spark.') -%}
    {%- endif %}
    ), 0)
{%- endmacro %}


{% macro create_reading_functions() -%}
    {# What stands in a text decides what is tried: the exception is for what is too large. None is safe
       in a parallel query, where no exception can be caught. #}
    {%- set number = "'^\\s*[+-]?([0-9](_?[0-9])*[.]?([0-9](_?[0-9])*)?|[.][0-9](_?[0-9])*)([eE][+-]?[0-9]+)?\\s*$'" %}
    create or replace function {{ own_function('read_decimal') }}(t text, digits integer, places integer)
    returns numeric language plpgsql immutable as $function$
    declare n numeric;
    begin
        if t is null or t !~ {{ number }} then
            return null;
        end if;
        n := round(cast(replace(t, '_', '') as numeric), places);
        if abs(n) >= power(10::numeric, digits - places) then
            return null;
        end if;
        return n;
    exception when others then
        return null;
    end $function$;
    create or replace function {{ own_function('read_bigint') }}(t text)
    returns bigint language plpgsql immutable as $function$
    begin
        return cast({{ own_function('read_decimal') }}(t, 20, 0) as bigint);
    exception when others then
        return null;
    end $function$;
    create or replace function {{ own_function('read_double') }}(t text)
    returns double precision language plpgsql immutable as $function$
    begin
        if t ~* '^\s*[+-]?(nan|inf|infinity)\s*$' then
            return cast(t as double precision);
        end if;
        if t !~ {{ number }} then
            return null;
        end if;
        return cast(replace(t, '_', '') as double precision);
    exception when others then
        return null;
    end $function$;
    {# Other than year-month-day it reads nothing; what is finer than a microsecond is cut off. #}
    create or replace function {{ own_function('read_time') }}(t text)
    returns timestamp language plpgsql immutable as $function$
    declare part text[];
    begin
        part := regexp_match(
            t,
            '^\s*([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})(?:[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})([.][0-9]+)?)?)?\s*$'
        );
        if part is null or part[7] = '60' then
            return null;
        end if;
        {# The years repeat after 400. Postgres knows no year 0, DuckDB does. #}
        return cast(
            replace(part[1], '0000', '0400') || '-' || part[3] || '-' || part[4]
            || ' ' || coalesce(part[5], '00') || ':' || coalesce(part[6], '00') || ':'
            || coalesce(part[7], '00') || coalesce(left(part[8], 7), '') as timestamp
        ) - case when part[1] = '0000' then interval '400 years' else interval '0' end;
    exception when others then
        return null;
    end $function$;
{%- endmacro %}


{% macro read_each_once() -%}
    {# For the end of a query that reads values out of texts, in a view: has the engine read each once,
       however often a query on it names it. #}
    {{ return(adapter.dispatch('read_each_once')()) }}
{%- endmacro %}

{% macro default__read_each_once() -%}
{%- endmacro %}

{% macro postgres__read_each_once() -%}
    {#- Postgres puts a query in a view into the one on it, a copy per name; not one with an offset. -#}
    offset 0
{%- endmacro %}


{% macro name_once(text) -%}
    {# For a text that an expression looks at many times: what comes before that expression, how it calls
       the text, and what comes behind. #}
    {{ return(adapter.dispatch('name_once')(text)) }}
{%- endmacro %}

{% macro default__name_once(text) -%}
    {{ return(['', text, '']) }}
{%- endmacro %}

{% macro spark__name_once(text) -%}
    {#- Its catalogue keeps no view of more than 32,700 characters. -#}
    {{ return(['get(transform(array(' ~ text ~ '), given -> ', 'given', '), 0)']) }}
{%- endmacro %}
