with

lead_values as (

    select * from {{ ref('lead_values') }}

),

field_links as (

    select * from {{ ref('int_field_links') }}

),

conditions as (

    select * from {{ ref('int_conditions') }}

),

condition_rows as (

    select * from {{ ref('condition_rows') }}

),

row_values as (

    select * from {{ ref('condition_row_values') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

-- The conditions of which a field is missing that they hang on.
unknown_conditions as (

    select distinct
        lead_values.as_of_date,
        lead_values.lead_no,
        conditions.attribute_no,
        conditions.counted_rows
    from lead_values
    inner join field_links on lead_values.value_no = field_links.missing_value_no
    inner join conditions
        on
        lead_values.as_of_date = conditions.as_of_date
        and field_links.attribute_no = conditions.attribute_no

),

-- The values with which a row is met, unknown, or may still turn out otherwise.
open_values as (

    select
        attribute_no,
        condition_row_no,
        value_no,
        valid_from,
        valid_to
    from row_values
    union all
    select
        conditions.attribute_no,
        condition_rows.condition_row_no,
        field_links.missing_value_no as value_no,
        condition_rows.valid_from,
        condition_rows.valid_to
    from condition_rows
    inner join named_attributes as conditions
        on condition_rows.condition_key = conditions.attribute
    inner join field_links
        on
        -- The share of filled key fields moves with what the condition hangs on.
        case
            when condition_rows.attribute_kind = 'completeness' then condition_rows.condition_key
            else condition_rows.attribute_key
        end = field_links.attribute

),

open_rows as (

    select
        unknown_conditions.as_of_date,
        unknown_conditions.lead_no,
        unknown_conditions.attribute_no,
        count(distinct open_values.condition_row_no) as open_rows
    from unknown_conditions
    inner join open_values on unknown_conditions.attribute_no = open_values.attribute_no
    inner join lead_values
        on
        unknown_conditions.as_of_date = lead_values.as_of_date
        and unknown_conditions.lead_no = lead_values.lead_no
        and open_values.value_no = lead_values.value_no
    where {{ is_valid_on('open_values', 'unknown_conditions.as_of_date') }}
    group by
        unknown_conditions.as_of_date, unknown_conditions.lead_no,
        unknown_conditions.attribute_no

)

-- A row that is known not to be met keeps the condition false, whatever else turns out.
select
    unknown_conditions.as_of_date,
    unknown_conditions.lead_no,
    unknown_conditions.attribute_no
from unknown_conditions
left join open_rows
    on
    unknown_conditions.as_of_date = open_rows.as_of_date
    and unknown_conditions.lead_no = open_rows.lead_no
    and unknown_conditions.attribute_no = open_rows.attribute_no
where coalesce(open_rows.open_rows, 0) < unknown_conditions.counted_rows
