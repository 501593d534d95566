{% macro activity_surge(event_count, occurred_on, as_of_date) -%}
    {# This week against the mean week of the three before: 2 is twice as much as usual. An
       aggregate; null where nothing happened in those three weeks, as there is no usual then. #}
    {%- set age_days = dbt.datediff(occurred_on, as_of_date, 'day') -%}
    cast(
        3.0 * sum(case when {{ age_days }} < 7 then {{ event_count }} else 0 end)
        / nullif(sum(case when {{ age_days }} between 7 and 27 then {{ event_count }} else 0 end), 0)
        as decimal(12, 2)
    )
{%- endmacro %}
