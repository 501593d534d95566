{# What GA4's views are. docs/decisions/0029-sources.md says why each is as it is. #}


{% macro ga4_views() -%}
    {{ return({'web.events': 'ga4__web_events', 'row_counts': 'ga4__row_counts'}) }}
{%- endmacro %}


{% macro ga4_param(key) -%}
    {# The text of a parameter of an event as BigQuery exports them, a list of {key, value}, here as the
       text of it: JSON, or DuckDB's of a list of structs. Null where it has none. #}
    {%- set quote = '["' ~ "''" ~ ']?' -%}
    {%- set pattern = '^.*' ~ quote ~ 'key' ~ quote ~ ': *' ~ quote ~ key ~ quote ~ ', *' ~ quote ~ 'value' ~ quote
        ~ ': *[{]' ~ quote ~ 'string_value' ~ quote ~ ': *' ~ quote ~ '([^"' ~ "''" ~ ',}]+).*$' -%}
    case
        when {{ matches_pattern('event_params', pattern) }}
            then nullif(nullif(regexp_replace(event_params, '{{ pattern }}', '\1'), 'NULL'), 'null')
    end
{%- endmacro %}


{% macro ga4_event_key(events) -%}
    {# What tells an event from others where the loader gave it no id. #}
    {%- set parts = [] -%}
    {%- for name in ['stream_id', 'user_pseudo_id', 'user_id', 'event_name', 'bundle_sequence_id', 'batch_event_index'] -%}
        {%- do parts.append("coalesce(" ~ events ~ '.' ~ name ~ ", '')") -%}
    {%- endfor -%}
    {{ parts | join(" || ':' || ") }} || ':' || cast({{ events }}.event_time as {{ dbt.type_string() }})
{%- endmacro %}
