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


{% macro stack_measures(relation, measures) -%}
    {# Measures that stand side by side in a relation, under one another: as_of_date, table_name,
       measure, value, row_count, own_usual. Each has an amount, what that is divided by, how many
       rows were looked at and what is usual; the last two may be left out. #}
    {%- for measure, columns in measures.items() %}
    select
        as_of_date,
        table_name,
        '{{ measure }}' as measure,
        cast(
            {{ divided('1.0 * ' ~ columns[0], 'nullif(' ~ columns[1] ~ ', 0)') }} as {{ type_double() }}
        ) as value,
        cast({{ columns[2] or 'null' }} as {{ dbt.type_bigint() }}) as row_count,
        cast({{ columns[3] or 'null' }} as {{ type_double() }}) as own_usual
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
