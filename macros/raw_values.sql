{# Reading one value of a raw table: docs/decisions/0010-how-raw-values-are-read.md says what counts
   as a time, a number, a truth, and why. A value that is none becomes null; that it was there, and
   what is wrong with it, is said in the row's quarantine columns. #}


{% macro read_column(name, data_type, physical_type) -%}
    {# One raw column as a contract type; null where it is missing, blank or cannot be read. #}
    {%- if physical_type is none -%}
        cast(null as {{ contract_type(data_type) }})
    {%- elif data_type == 'text' -%}
        {{ read_text(name, physical_type, is_name=(name.endswith('_id') or name == 'email')) }}
    {%- else -%}
        {%- set kind = physical_kind(physical_type) -%}
        {%- set named = name_once(read_text(name, physical_type)) if kind == 'text' else ['', name, ''] -%}
        {%- set value = named[1] -%}
        {{ named[0] }}
        {%- if data_type == 'timestamp' -%}
            {{ read_timestamp(value, kind, physical_type) }}
        {%- elif data_type == 'boolean' -%}
            {{ read_boolean(value, kind) }}
        {%- elif data_type == 'integer' -%}
            {{ read_whole_number(value, kind) }}
        {%- else -%}
            {{ read_amount(value, kind) }}
        {%- endif -%}
        {{ named[2] }}
    {%- endif -%}
{%- endmacro %}


{% macro contract_type(data_type) -%}
    {{ return({
        'text': dbt.type_string(),
        'timestamp': dbt.type_timestamp(),
        'integer': dbt.type_bigint(),
        'number': 'decimal(18, 2)',
        'boolean': dbt.type_boolean(),
    }[data_type]) }}
{%- endmacro %}


{% macro physical_kind(physical_type) -%}
    {# What a column is as the engine knows it: timestamp, boolean, integer, fraction (numbers that
       need not be whole), or text: all else is read as the text it is written as. #}
    {%- set bare = physical_type.split('(')[0].strip() -%}
    {%- if '[' in physical_type or bare in ['struct', 'map', 'union', 'list'] -%}
        {{ return('text') }}
    {%- elif bare.startswith('timestamp') or bare == 'date' -%}
        {{ return('timestamp') }}
    {%- elif bare in ['boolean', 'bool'] -%}
        {{ return('boolean') }}
    {%- elif 'int' in bare and 'interval' not in bare -%}
        {{ return('integer') }}
    {%- elif bare in ['float', 'double', 'double precision', 'real', 'decimal', 'numeric'] -%}
        {{ return('fraction') }}
    {%- endif -%}
    {{ return('text') }}
{%- endmacro %}


{% macro may_be_unreadable(data_type, physical_type) -%}
    {# Whether a column may hold what cannot be read as its contract type. #}
    {%- if physical_type is none -%}{{ return(false) }}{%- endif -%}
    {%- set kind = physical_kind(physical_type) -%}
    {{ return(kind != data_type and not (
        data_type == 'number' and physical_type in ['tinyint', 'smallint', 'integer']
    ) or physical_type in ['hugeint', 'uhugeint', 'ubigint']) }}
{%- endmacro %}


{% macro read_text(name, physical_type, is_name=false) -%}
    {# Text without what nobody sees around it; null where nothing is left. In what names somebody (an
       id, an address) nothing invisible stands inside either. Most text is plain: to look first is
       cheaper. #}
    {%- set bare = physical_type.split('(')[0] -%}
    {%- set is_text = '[' not in physical_type and ('char' in bare or 'text' in bare or 'string' in bare) -%}
    {%- set text = name if is_text else 'cast(' ~ name ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    nullif(case when {{ may_have_blanks(text) }} then {{ strip_invisible(text, is_name) }} else {{ text }} end, '')
{%- endmacro %}


{% macro read_whole_number(value, kind) -%}
    {# Plain decimal notation, `5` or `5.0`; no fraction of one, no exponent, no separators. #}
    {%- if kind == 'integer' -%}
        {{ cast_or_null(value, dbt.type_bigint()) }}
    {%- elif kind == 'fraction' -%}
        case when {{ value }} = floor({{ value }}) then {{ cast_or_null(value, dbt.type_bigint()) }} end
    {%- else -%}
        {%- set text = 'cast(' ~ value ~ ' as ' ~ dbt.type_string() ~ ')' -%}
        case
            when {{ matches_pattern(text, '^[+-]?[0-9]+([.]0*)?$') }}
                then {{ cast_or_null(text, dbt.type_bigint()) }}
        end
    {%- endif -%}
{%- endmacro %}


{% macro read_amount(value, kind) -%}
    {# Plain decimal notation, `1250` or `1250.5`; no exponent, no separators of thousands. #}
    {%- if kind in ['integer', 'fraction'] -%}
        {{ cast_or_null(value, contract_type('number')) }}
    {%- else -%}
        {%- set text = 'cast(' ~ value ~ ' as ' ~ dbt.type_string() ~ ')' -%}
        case
            when {{ matches_pattern(text, '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)$') }}
                then {{ cast_or_null(text, contract_type('number')) }}
        end
    {%- endif -%}
{%- endmacro %}


{% macro read_boolean(value, kind) -%}
    {%- if kind == 'boolean' -%}
        {{ value }}
    {%- elif kind in ['integer', 'fraction'] -%}
        case when {{ value }} = 1 then true when {{ value }} = 0 then false end
    {%- else -%}
        case
            when lower({{ value }}) in ('true', 't', 'yes', 'y', '1', '1.0') then true
            when lower({{ value }}) in ('false', 'f', 'no', 'n', '0', '0.0') then false
        end
    {%- endif -%}
{%- endmacro %}


{% macro read_timestamp(value, kind, physical_type) -%}
    {# A UTC timestamp without zone; one with an offset is moved to UTC. #}
    {%- if kind == 'timestamp' -%}
        {%- if 'with time zone' in physical_type or physical_type == 'timestamptz' -%}
            {{ value }} at time zone 'UTC'
        {%- else -%}
            cast({{ value }} as {{ dbt.type_timestamp() }})
        {%- endif -%}
    {%- elif kind in ['integer', 'fraction'] -%}
        {{ read_epoch(value) }}
    {%- elif kind == 'boolean' -%}
        cast(null as {{ dbt.type_timestamp() }})
    {%- else -%}
        case
            when {{ matches_pattern(value, local_time_pattern()) }}
                then {{ cast_or_null(value, dbt.type_timestamp()) }}
            when {{ matches_pattern(value, offset_time_pattern()) }}
                then {{ apply_offset(value) }}
            when {{ matches_pattern(value, '^[0-9]{10,19}([.][0-9]+)?$') }}
                then {{ read_epoch(cast_or_null(value, type_double())) }}
        end
    {%- endif -%}
{%- endmacro %}


{% macro local_time_pattern() -%}
    {# A day, or a day and a time of UTC. #}
    {{ return('^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?$') }}
{%- endmacro %}


{% macro offset_time_pattern() -%}
    {# A day and a time with its distance from UTC: Z, UTC, +hh, +hhmm, +hh:mm. No place is further
       from UTC than 14 hours. #}
    {{ return(
        '^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?'
        ~ ' ?(Z|z|UTC|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)$'
    ) }}
{%- endmacro %}


{% macro apply_offset(text) -%}
    {# The UTC time of a text that matches offset_time_pattern. The engine's own reading of such a text
       is not asked: it leaves the offset out, or reads it by the session's zone. #}
    {%- set local = replace_pattern(text, ' ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$', '') -%}
    {%- set sign = "case when substr(" ~ text ~ ", 11) like '%-%' then -1 else 1 end" -%}
    {%- set digits = replace_pattern(
        replace_pattern(text, '^.{10}.*?([+-][0-9:]+|[A-Za-z]+)$', '\\1'), '[^0-9]', ''
    ) ~ " || '0000'" -%}
    {{ dbt.dateadd(
        'minute',
        '-(' ~ sign ~ ') * (60 * cast(substr(' ~ digits ~ ', 1, 2) as integer) + cast(substr(' ~ digits ~ ', 3, 2) as integer))',
        cast_or_null(local, dbt.type_timestamp())
    ) }}
{%- endmacro %}


{% macro earliest_time() -%}
    {# No system that delivers here is older; what lies before is a count that was taken for a time. #}
    cast('1970-01-01' as {{ dbt.type_timestamp() }})
{%- endmacro %}


{% macro latest_time() -%}
    {# Nothing that has happened, and no load, is later: a day after the run's own clock, or after the
       day that the scores speak for where that lies ahead. #}
    cast('{{ latest_moment() }}' as {{ dbt.type_timestamp() }})
{%- endmacro %}

{% macro latest_moment() -%}
    {# The same as a moment that macros can compare. #}
    {%- set newest = modules.datetime.datetime.fromisoformat(as_of_dates()[-1]) -%}
    {%- set clock = run_started_at.replace(tzinfo=none, microsecond=0) -%}
    {{ return(([clock, newest] | max) + modules.datetime.timedelta(days=1)) }}
{%- endmacro %}


{% macro is_possible_time(column, latest) -%}
    {# Whether a time can be: null where there is none. #}
    ({{ column }} >= {{ earliest_time() }} and {{ column }} <= {{ latest }})
{%- endmacro %}


{% macro why_impossible(column, latest) -%}
    {# Why a time cannot be, in words. #}
    case
        when {{ column }} < {{ earliest_time() }} then 'lies before 1970'
        when {{ column }} > {{ far_future() }} then 'lies after the year 9999'
        else 'lies more than a day after this run'
    end
{%- endmacro %}


{% macro why_unreadable(text, data_type) -%}
    {# Why a value is none of its contract type, in words that do not repeat it. #}
    {%- if data_type == 'integer' -%}
        case
            when {{ matches_pattern(text, '^[+-]?[0-9]*[.][0-9]+$') }} then 'is not a whole number'
            else 'is not a whole number such as 250'
        end
    {%- elif data_type == 'number' -%}
        'is not a number such as 1250.50'
    {%- elif data_type == 'boolean' -%}
        'is not true or false'
    {%- else -%}
        case
            when {{ matches_pattern(text, '^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$') }}
                then 'is a number that may be any time: write seconds since 1970, or 2026-01-31 10:00:00'
            when {{ matches_pattern(text, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.]+ ?[A-Za-z]') }}
                then 'names a time zone: write its offset, as in 2026-01-31 10:00:00+02:00'
            else 'is not a timestamp such as 2026-01-31 10:00:00'
        end
    {%- endif -%}
{%- endmacro %}
