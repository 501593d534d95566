{# Conditions of the rule book: attributes that are true, false or unknown. #}


{% macro deepest_condition() -%}
    {# How far conditions may build on each other: a chain of more is refused, as a circle is. #}
    {{ return(10) }}
{%- endmacro %}


{% macro stack_chains(edges) -%}
    {# The ends of the chains of a relation of edges (from_key, to_key), in as many steps as
       conditions may build on each other and one more: from_key, to_key, steps. A circle has
       chains of every length. #}
    {%- set last = deepest_condition() + 1 -%}
    with chains_of_1 as (

        select distinct
            from_key,
            to_key
        from {{ edges }}

    )
    {%- for steps in range(2, last + 1) %},

    chains_of_{{ steps }} as (

        select distinct
            shorter.from_key,
            next_step.to_key
        from chains_of_{{ steps - 1 }} as shorter
        inner join chains_of_1 as next_step on shorter.to_key = next_step.from_key

    )
    {%- endfor -%}
    {%- for steps in range(1, last + 1) %}

    select
        from_key,
        to_key,
        {{ steps }} as steps
    from chains_of_{{ steps }}
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro condition_value(met_rows, unknown_rows, counted_rows) -%}
    {# What a condition is, as text ('' where it is unknown): true where all its rows are met,
       unknown where some are unknown and all others are met, or where none counts on that day. #}
    case
        when coalesce({{ counted_rows }}, 0) = 0 then ''
        when coalesce({{ met_rows }}, 0) = {{ counted_rows }} then 'true'
        when coalesce({{ met_rows }}, 0) + coalesce({{ unknown_rows }}, 0) = {{ counted_rows }} then ''
        else 'false'
    end
{%- endmacro %}


{% macro condition_levels_in(levels, condition) -%}
    {# The levels of the conditions of a relation that meet a condition, in their order; without
       the relation, the first. #}
    {{ return(
        run_query('select distinct level from ' ~ levels ~ ' where ' ~ condition ~ ' order by 1')
        .columns[0].values() | list if can_be_read(levels) else [1]
    ) }}
{%- endmacro %}


{% macro lead_conditions(values, needs_completeness) -%}
    {# What the conditions are for each lead: as_of_date, lead_no, attribute_no, value_no.

       values: relations of the values that rows compare (as_of_date, lead_no, value_no).
       needs_completeness: whether those that hang on the share of filled key fields are meant, or
       those that do not. A level is worked out after the one that it builds on. #}
    {%- set levels = condition_levels_in(
        ref('condition_levels'),
        'needs_completeness' if needs_completeness else 'not needs_completeness'
    ) -%}
    with leads as (

        select
            as_of_date,
            lead_no
        from {{ ref('int_leads') }}

    ),

    row_values as (

        select * from {{ ref('condition_row_values') }}

    ),

    conditions as (

        select * from {{ ref('int_conditions') }}
        where {{ 'needs_completeness' if needs_completeness else 'not needs_completeness' }}

    ),

    row_states as (

        {%- for relation in values %}

        select
            compared.as_of_date,
            compared.lead_no,
            row_values.attribute_no,
            sum(row_values.met_rows) as met_rows,
            sum(row_values.unknown_rows) as unknown_rows
        from {{ relation }} as compared
        inner join row_values on compared.value_no = row_values.value_no
        where {{ is_valid_on('row_values', 'compared.as_of_date') }}
        group by compared.as_of_date, compared.lead_no, row_values.attribute_no
        {{ 'union all' if not loop.last }}
        {%- endfor %}

    )
    {%- for level in levels %}
    {%- set lower = levels[:loop.index0] %},

    states_{{ level }} as (

        select
            as_of_date,
            lead_no,
            attribute_no,
            sum(met_rows) as met_rows,
            sum(unknown_rows) as unknown_rows
        from (
            select * from row_states
            {%- for below in lower %}
            union all
            select
                values_{{ below }}.as_of_date,
                values_{{ below }}.lead_no,
                row_values.attribute_no,
                row_values.met_rows,
                row_values.unknown_rows
            from values_{{ below }}
            inner join row_values on values_{{ below }}.value_no = row_values.value_no
            where {{ is_valid_on('row_values', 'values_' ~ below ~ '.as_of_date') }}
            {%- endfor %}
        ) as stacked
        group by as_of_date, lead_no, attribute_no

    ),

    values_{{ level }} as (

        select
            leads.as_of_date,
            leads.lead_no,
            conditions.attribute_no,
            case {{ condition_value(
                'states_' ~ level ~ '.met_rows', 'states_' ~ level ~ '.unknown_rows',
                'conditions.counted_rows'
            ) }}
                when 'true' then conditions.true_value_no
                when 'false' then conditions.false_value_no
                else conditions.unknown_value_no
            end as value_no
        from leads
        inner join conditions
            on leads.as_of_date = conditions.as_of_date and conditions.level = {{ level }}
        left join states_{{ level }}
            on
            leads.as_of_date = states_{{ level }}.as_of_date
            and leads.lead_no = states_{{ level }}.lead_no
            and conditions.attribute_no = states_{{ level }}.attribute_no

    )
    {%- endfor %}
    {%- for level in levels or [] %}

    select * from values_{{ level }}
    {{ 'union all' if not loop.last }}
    {%- else %}

    select
        as_of_date,
        lead_no,
        cast(null as integer) as attribute_no,
        cast(null as integer) as value_no
    from leads
    where false
    {%- endfor -%}
{%- endmacro %}


{% macro projected_condition_levels(levels) -%}
    {# The end of projected_conditions: level by level, what each condition is and from when until
       when, from the spans of days of its rows. #}
    {%- for level in levels -%}
    {%- set lower = levels[:loop.index0] %},

    spans_{{ level }} as (

        select * from row_spans
        {%- for below in lower %}
        union all
        select
            values_{{ below }}.lead_no,
            row_values.attribute_no,
            row_values.met_rows,
            row_values.unknown_rows,
            0 as counted_rows,
            greatest(
                values_{{ below }}.from_day,
                {{ days_between('values_' ~ below ~ '.as_of_date', 'row_values.valid_from') }}
            ) as from_day,
            least(
                values_{{ below }}.until_day,
                {{ days_between('values_' ~ below ~ '.as_of_date', 'row_values.valid_to') }}
            ) as until_day
        from values_{{ below }}
        inner join {{ ref('attribute_values') }} as attribute_values
            on
            values_{{ below }}.condition_key = attribute_values.attribute
            and values_{{ below }}.value = attribute_values.value
        inner join row_values on attribute_values.value_no = row_values.value_no
        {%- endfor %}

    ),

    changes_{{ level }} as (

        select
            lead_no,
            attribute_no,
            greatest(0, from_day) as changes_on,
            met_rows,
            unknown_rows,
            counted_rows
        from spans_{{ level }}
        where
            from_day <= {{ var('outlook_days') }}
            and coalesce(until_day, {{ var('outlook_days') }} + 1) > greatest(0, from_day)
        union all
        select
            lead_no,
            attribute_no,
            until_day as changes_on,
            -met_rows as met_rows,
            -unknown_rows as unknown_rows,
            -counted_rows as counted_rows
        from spans_{{ level }}
        where until_day <= {{ var('outlook_days') }} and until_day > greatest(0, from_day)

    ),

    summed_{{ level }} as (

        select
            lead_conditions.as_of_date,
            lead_conditions.lead_no,
            lead_conditions.attribute_no,
            lead_conditions.condition_key,
            changes_{{ level }}.changes_on,
            sum(changes_{{ level }}.met_rows) as met_rows,
            sum(changes_{{ level }}.unknown_rows) as unknown_rows,
            sum(changes_{{ level }}.counted_rows) as counted_rows
        from lead_conditions
        inner join changes_{{ level }}
            on
            lead_conditions.lead_no = changes_{{ level }}.lead_no
            and lead_conditions.attribute_no = changes_{{ level }}.attribute_no
        where lead_conditions.level = {{ level }}
        group by
            lead_conditions.as_of_date, lead_conditions.lead_no, lead_conditions.attribute_no,
            lead_conditions.condition_key, changes_{{ level }}.changes_on

    ),

    values_{{ level }} as (

        select
            as_of_date,
            lead_no,
            condition_key,
            changes_on as from_day,
            lead(changes_on, 1, {{ var('outlook_days') }} + 1) over in_order as until_day,
            {{ condition_value(
                'sum(met_rows) over later', 'sum(unknown_rows) over later',
                'sum(counted_rows) over later'
            ) }} as value
        from summed_{{ level }}
        window
            in_order as (partition by lead_no, attribute_no order by changes_on),
            later as (
                partition by lead_no, attribute_no order by changes_on
                rows between unbounded preceding and current row
            )

    )
    {%- endfor -%}
    {%- for level in levels or [] %}

    select
        lead_no,
        from_day,
        until_day,
        condition_key as attribute,
        value
    from values_{{ level }}
    {{ 'union all' if not loop.last }}
    {%- else %}

    select * from moving_values
    where false
    {%- endfor -%}
{%- endmacro %}
