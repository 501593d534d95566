{# What Snowplow's views are, and how its entities are read: they are columns (BigQuery, Snowflake,
   Databricks) or tables of their own (Postgres, Redshift). #}


{% macro snowplow_views() -%}
    {{ return({'web.events': 'snowplow__web_events', 'row_counts': 'snowplow__row_counts'}) }}
{%- endmacro %}


{% macro text_value_of(column, keys) -%}
    {# What stands for a key in the text of a JSON or a struct; null where there is none. #}
    {%- set quote = '["' ~ "''" ~ ']?' -%}
    {%- set pattern = '^.*' ~ quote ~ '(' ~ keys ~ ')' ~ quote ~ ': *' ~ quote ~ '([^"' ~ "''" ~ ',}]+).*$' -%}
    case when {{ matches_pattern(column, pattern) }} then regexp_replace({{ column }}, '{{ pattern }}', '\2') end
{%- endmacro %}
