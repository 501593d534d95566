{# Schemas are named as configured, without the target's name in front, so that a query in
   the documentation runs on every installation. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
