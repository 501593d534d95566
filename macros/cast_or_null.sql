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
