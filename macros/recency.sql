{# The attributes that change from day to day though nothing happens. #}


{% macro recency_attributes() -%}
    {# Those that change where an activity falls out of a window. #}
    {{ return(['active_days_30', 'activity_surge', 'activity_state']) }}
{%- endmacro %}


{% macro attributes_that_grow() -%}
    {# Those that are a day more with each day, where they are known. #}
    {{ return(
        ['days_since_last_activity', 'lead_age_days', 'days_since_lost', 'days_since_won']
    ) }}
{%- endmacro %}


{% macro most_days() -%}
    {# More days than anything here can be ago. #}
    1000000
{%- endmacro %}


{% macro active_window() -%}
    {# The days of active_days_30 and of activity_state. #}
    30
{%- endmacro %}


{% macro surge_week() -%}
    {# The days of a week, which activity_surge compares with the three before. #}
    7
{%- endmacro %}


{% macro recency_counts(age) -%}
    {# What the attributes are made of, counted over activity days of an age (days_ago,
       distinct_event_count): active_days_30, events_of_week and events_of_weeks_before; columns. #}
    count(distinct case when {{ age }} < {{ active_window() }} then days_ago end)
            as active_days_30,
        sum(case when {{ age }} < {{ surge_week() }} then distinct_event_count else 0 end)
            as events_of_week,
        sum(
            case
                when {{ age }} >= {{ surge_week() }} and {{ age }} < 4 * {{ surge_week() }}
                    then distinct_event_count
                else 0
            end
        ) as events_of_weeks_before
{%- endmacro %}


{% macro activity_surge(events_of_week, events_of_weeks_before) -%}
    {# This week against the mean week of the three before: 2 is twice as much as usual. Null where
       nothing happened in those three weeks, as there is no usual then. #}
    {{ as_decimal(
        divided('3.0 * ' ~ events_of_week, 'nullif(' ~ events_of_weeks_before ~ ', 0)'), 12, 2
    ) }}
{%- endmacro %}


{% macro activity_state(active_days_30, last_activity) -%}
    {# Whether somebody is active now, was so once, or never. #}
    case
        when {{ active_days_30 }} > 0 then 'active'
        when {{ last_activity }} is not null then 'latent'
        else 'none'
    end
{%- endmacro %}
