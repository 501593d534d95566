{# What Snowplow's views are, and how its entities are read: they are columns (BigQuery, Snowflake,
   Databricks) or tables of their own (Postgres, Redshift). #}


{% macro snowplow_views() -%}
    {{ return({'web.events': 'snowplow__web_events', 'row_counts': 'snowplow__row_counts'}) }}
{%- endmacro %}
