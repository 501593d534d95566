{# What may be shown of a value that may be personal. The value itself stays in the warehouse. #}


{% macro mask(value) -%}
    {# The shape of a text: "9 letters, @, 7 letters". Null where there is none. #}
    {{ return(adapter.dispatch('mask')(value)) }}
{%- endmacro %}

{% macro default__mask(value) -%}
    cast(length({{ value }}) as {{ dbt.type_string() }}) || ' characters'
{%- endmacro %}

{% macro duckdb__mask(value) -%}
    {#- Of a long text the first parts tell what it was meant to be. -#}
    {%- set parts = "regexp_extract_all(left(" ~ value ~ ", 200), '[\\p{L}\\p{M}]+|\\p{N}+|\\s+|.')" -%}
    array_to_string(list_transform(
        {{ parts }}[:16],
        lambda part: case
            when regexp_matches(part, '^\p{L}') then length(part) || ' letter' || case when length(part) > 1 then 's' else '' end
            when regexp_matches(part, '^\p{N}') then length(part) || ' digit' || case when length(part) > 1 then 's' else '' end
            when regexp_matches(part, '^\s') then case when length(part) > 1 then length(part) || ' blanks' else 'blank' end
            when regexp_matches(part, '^[!-/:-@\[-`{-~]') then part
            else '1 other'
        end
    ), ', ')
    || case
        when len({{ parts }}) > 16 or length({{ value }}) > 200
            then ' … of ' || length({{ value }}) || ' characters'
        else ''
    end
{%- endmacro %}


{% macro mask_key(key) -%}
    {# A key as it is, unless somebody's name, address or phone number may stand in its place: then its
       shape. A number without any sign is taken for an id. #}
    case
        when {{ key }} like '%@%' or {{ key }} like '% %' or {{ matches_pattern(key, '^([+(]|0)[0-9 ()./-]{6,}$') }}
            or {{ matches_pattern(key, '^[0-9]{2,5}[()./-][0-9()./-]{4,}$') }}
            then {{ mask(key) }}
        else {{ key }}
    end
{%- endmacro %}
