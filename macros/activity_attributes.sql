{# Attributes made of activities: what is counted over their days, and how each measure reads it. #}


{% macro activity_measures(days, age) -%}
    {# Over the days of an attribute's activities (event_count, days_ago) at an age: event_count,
       active_days, last_age and first_age; columns. #}
    sum({{ days }}.event_count) as event_count,
    count(distinct {{ days }}.days_ago) as active_days,
    min({{ age }}) as last_age,
    max({{ age }}) as first_age
{%- endmacro %}


{% macro activity_measure(measure, measures) -%}
    {# What a measure says, as text: null where it is unknown, as the days since what never
       happened. `measures` has the columns of activity_measures, null where there is no such day. #}
    case {{ measure }}
        when 'count' then {{ as_text('coalesce(' ~ measures ~ '.event_count, 0)') }}
        when 'active_days' then {{ as_text('coalesce(' ~ measures ~ '.active_days, 0)') }}
        when 'days_since_last' then {{ as_text(measures ~ '.last_age') }}
        when 'days_since_first' then {{ as_text(measures ~ '.first_age') }}
        when 'happened'
            then case when {{ measures }}.event_count > 0 then 'true' else 'false' end
    end
{%- endmacro %}


{% macro as_text(number) -%}
    cast({{ number }} as {{ dbt.type_string() }})
{%- endmacro %}
