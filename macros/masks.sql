{# What may be shown of a value that may be personal. The value itself stays in the warehouse. #}


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
