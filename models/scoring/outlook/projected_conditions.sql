-- depends_on: {{ ref('attribute_values') }}
{% set levels = condition_levels_in(ref('condition_levels'), 'true') %}

with

candidates as (

    select * from {{ ref('outlook_candidates') }}

),

lead_values as (

    select * from {{ ref('lead_values') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

condition_rows as (

    select * from {{ ref('condition_rows') }}

),

row_values as (

    select * from {{ ref('condition_row_values') }}

),

conditions as (

    select * from {{ ref('int_conditions') }}

),

moving_values as (

    select * from {{ ref('projected_values') }}

),

moving_value_tests as (

    select * from {{ ref('projected_value_tests') }}

),

lead_conditions as (

    select
        candidates.as_of_date,
        candidates.lead_no,
        conditions.level,
        conditions.attribute_no,
        conditions.condition_key
    from candidates
    inner join conditions
        on
        candidates.as_of_date = conditions.as_of_date
        and candidates.model_no = conditions.model_no

),

candidate_leads as (

    select distinct
        as_of_date,
        lead_no
    from candidates

),

-- As condition_row_values has it for the values of today.
moving_row_values as (

    select
        named_attributes.attribute_no,
        moving_value_tests.attribute,
        moving_value_tests.value,
        1 as met_rows,
        0 as unknown_rows,
        condition_rows.valid_from,
        condition_rows.valid_to
    from condition_rows
    inner join named_attributes on condition_rows.condition_key = named_attributes.attribute
    inner join moving_value_tests on condition_rows.test_no = moving_value_tests.test_no
    union all
    select
        named_attributes.attribute_no,
        condition_rows.attribute_key as attribute,
        '' as value,
        0 as met_rows,
        1 as unknown_rows,
        condition_rows.valid_from,
        condition_rows.valid_to
    from condition_rows
    inner join named_attributes on condition_rows.condition_key = named_attributes.attribute
    where condition_rows.operator not in ('missing', 'present')

),

-- In days from the newest day on; also how many rows count, which changes with their validity.
row_spans as (

    select
        candidate_leads.lead_no,
        row_values.attribute_no,
        row_values.met_rows,
        row_values.unknown_rows,
        0 as counted_rows,
        {{ days_between('candidate_leads.as_of_date', 'row_values.valid_from') }} as from_day,
        {{ days_between('candidate_leads.as_of_date', 'row_values.valid_to') }} as until_day
    from candidate_leads
    inner join lead_values
        on
        candidate_leads.as_of_date = lead_values.as_of_date
        and candidate_leads.lead_no = lead_values.lead_no
    inner join named_attributes
        on
        lead_values.attribute_no = named_attributes.attribute_no
        and not named_attributes.moves_by_itself
    inner join row_values on lead_values.value_no = row_values.value_no
    union all
    select
        lead_conditions.lead_no,
        lead_conditions.attribute_no,
        moving_row_values.met_rows,
        moving_row_values.unknown_rows,
        0 as counted_rows,
        greatest(
            moving_values.from_day,
            {{ days_between('lead_conditions.as_of_date', 'moving_row_values.valid_from') }}
        ) as from_day,
        least(
            moving_values.until_day,
            {{ days_between('lead_conditions.as_of_date', 'moving_row_values.valid_to') }}
        ) as until_day
    from moving_values
    inner join moving_row_values
        on
        moving_values.attribute = moving_row_values.attribute
        and moving_values.value = moving_row_values.value
    inner join lead_conditions
        on
        moving_values.lead_no = lead_conditions.lead_no
        and moving_row_values.attribute_no = lead_conditions.attribute_no
    union all
    select
        lead_conditions.lead_no,
        lead_conditions.attribute_no,
        0 as met_rows,
        0 as unknown_rows,
        1 as counted_rows,
        {{ days_between('lead_conditions.as_of_date', 'condition_rows.valid_from') }} as from_day,
        {{ days_between('lead_conditions.as_of_date', 'condition_rows.valid_to') }} as until_day
    from lead_conditions
    inner join condition_rows on lead_conditions.condition_key = condition_rows.condition_key

)

{{ projected_condition_levels(levels) }}
