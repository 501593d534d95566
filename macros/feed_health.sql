{# How the health of the raw tables is measured. #}


{% macro window_opens_after(as_of) -%}
    {# The day before the window of days that ends with an as-of date: the var feed_window_days. #}
    cast({{ as_of }} - {{ var('feed_window_days') }} as date)
{%- endmacro %}


{% macro has_loaded_in_a_window() -%}
    {# A condition on _loaded_at: loads since the window of the first as-of date. A literal, so that
       files and blocks of rows outside it are passed over. #}
    {%- set first = modules.datetime.date.fromisoformat(as_of_dates()[0]) -%}
    {%- set after = first - modules.datetime.timedelta(days=var('feed_window_days') - 1) -%}
    _loaded_at >= cast('{{ after }}' as timestamp)
{%- endmacro %}
