{# How a deal stands. #}


{% macro decided_on(deal) -%}
    {# The day on which an opportunity was won or lost, once it has come: one that says won and
       closes tomorrow is open today. `deal` is a relation with the columns of int_opportunities. #}
    case
        when
            {{ deal }}.is_won is not null
            and cast(coalesce({{ deal }}.closed_at, {{ deal }}.updated_at) as date)
            <= {{ deal }}.as_of_date
            then cast(coalesce({{ deal }}.closed_at, {{ deal }}.updated_at) as date)
    end
{%- endmacro %}
