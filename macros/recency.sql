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


{% macro activity_state(active_days_30, last_activity) -%}
    {# Whether somebody is active now, was so once, or never. #}
    case
        when {{ active_days_30 }} > 0 then 'active'
        when {{ last_activity }} is not null then 'latent'
        else 'none'
    end
{%- endmacro %}


{% macro recency_attributes() -%}
    {# The attributes that change from day to day though nothing happens. #}
    {{ return(['days_since_last_activity', 'active_days_30', 'activity_surge', 'activity_state']) }}
{%- endmacro %}


{% macro stack_recency(relation) -%}
    {# These attributes in long form, as text: as_of_date, lead_id, ahead_on, attribute, value. #}
    {%- for attribute in recency_attributes() %}
    select
        as_of_date,
        lead_id,
        ahead_on,
        '{{ attribute }}' as attribute,
        coalesce(cast({{ attribute }} as {{ dbt.type_string() }}), '') as value
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
