{# Numbers made of texts: the hash functions of engines have other names and give other numbers. #}


{% macro key_of(columns) -%}
    {# One whole number for the text of one or more columns, null where the only column is: joins
       and groups on numbers cost a fraction of those on text. 63 bits; where two texts ever got
       one number, the test on the table that maps them fails. #}
    {{ return(adapter.dispatch('key_of')([columns] if columns is string else columns)) }}
{%- endmacro %}

{% macro postgres__key_of(columns) -%}
    {#- A missing text is another one than an empty one. -#}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append("coalesce(cast(" ~ column ~ " as text), chr(30))") -%}
    {%- endfor -%}
    {%- set key -%}
        hashtextextended({{ texts | join(' || chr(31) || ') if texts | length > 1 else 'cast(' ~ columns[0] ~ ' as text)' }}, 0)
    {%- endset -%}
    ({{ key }} & 9223372036854775807)
{%- endmacro %}

{% macro duckdb__key_of(columns) -%}
    {%- set key = 'cast(hash(' ~ columns | join(', ') ~ ') >> 1 as bigint)' -%}
    {%- if columns | length == 1 -%}
        case when {{ columns[0] }} is not null then {{ key }} end
    {%- else -%}
        {{ key }}
    {%- endif -%}
{%- endmacro %}

{% macro spark__key_of(columns) -%}
    {#- A hash of several passes over those that are missing: each is given a text of its own. -#}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append("coalesce(cast(" ~ column ~ " as string), chr(30))") -%}
    {%- endfor -%}
    {%- set key = "(xxhash64(" ~ texts | join(", chr(31), ") ~ ") & 9223372036854775807)" -%}
    {%- if columns | length == 1 -%}
        case when {{ columns[0] }} is not null then {{ key }} end
    {%- else -%}
        {{ key }}
    {%- endif -%}
{%- endmacro %}


{% macro draw_of(columns) -%}
    {# A number from 0, included, to 100, excluded, for the text of columns: always the same one, on
       every engine, and as good as drawn at random. #}
    {{ return(adapter.dispatch('draw_of')(columns)) }}
{%- endmacro %}

{% macro default__draw_of(columns) -%}
    100.0 * ('x' || substr(md5({{ columns | join(" || '|' || ") }}), 1, 6))::bit(24)::integer / 16777216
{%- endmacro %}

{% macro duckdb__draw_of(columns) -%}
    100.0 * cast('0x' || substr(md5({{ columns | join(" || '|' || ") }}), 1, 6) as integer) / 16777216
{%- endmacro %}

{% macro spark__draw_of(columns) -%}
    1e2D * cast(conv(substr(md5({{ columns | join(" || '|' || ") }}), 1, 6), 16, 10) as int) / 16777216
{%- endmacro %}


{% macro engine_version() -%}
    {# What the keys were made by: another version of an engine may make others. #}
    version()
{%- endmacro %}


{% macro fingerprint_of(text) -%}
    {# The SHA-256 of a text, as hexadecimal digits: the same on every engine. #}
    {{ return(adapter.dispatch('fingerprint_of')(text)) }}
{%- endmacro %}

{% macro default__fingerprint_of(text) -%}
    encode(sha256(convert_to({{ text }}, 'UTF8')), 'hex')
{%- endmacro %}

{% macro duckdb__fingerprint_of(text) -%}
    sha256({{ text }})
{%- endmacro %}

{% macro spark__fingerprint_of(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}
