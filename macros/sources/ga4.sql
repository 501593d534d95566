{# What GA4's views are. docs/decisions/0029-sources.md says why each is as it is. #}


{% macro ga4_views() -%}
    {{ return({'web.events': 'ga4__web_events', 'row_counts': 'ga4__row_counts'}) }}
{%- endmacro %}


{% macro ga4_param(key) -%}
    {# The text of a parameter of an event as BigQuery exports them, a list of {key, value}. #}
    {{ text_after('event_params', ['key', key, 'value', 'string_value']) }}
{%- endmacro %}


{% macro ga4_event_key(events) -%}
    {# What tells an event from others where the loader gave it no id. #}
    {%- set parts = [] -%}
    {%- for name in ['stream_id', 'user_pseudo_id', 'user_id', 'event_name', 'bundle_sequence_id', 'batch_event_index'] -%}
        {%- do parts.append("coalesce(" ~ events ~ '.' ~ name ~ ", '')") -%}
    {%- endfor -%}
    {{ parts | join(" || ':' || ") }} || ':' || cast({{ events }}.event_time as {{ dbt.type_string() }})
{%- endmacro %}
