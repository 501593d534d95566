with

lead_values as (

    select * from {{ ref('lead_values') }}

),

field_links as (

    select * from {{ ref('int_field_links') }}

),

settled_conditions as (

    select * from {{ ref('int_lead_settled_conditions') }}

),

-- The attributes of which a field is missing that they hang on.
unknown_attributes as (

    select distinct
        lead_values.as_of_date,
        lead_values.lead_no,
        field_links.attribute_no
    from lead_values
    inner join field_links on lead_values.value_no = field_links.missing_value_no

),

keys as (

    select
        unknown_attributes.as_of_date,
        unknown_attributes.lead_no,
        -- Sums of keys of 63 bits are never the same by chance.
        sum(
            cast({{ key_of(
                'case when settled_conditions.lead_no is null then lead_values.value_no'
                ~ ' else -lead_values.value_no end'
            ) }} as decimal(38, 0))
        ) as set_key
    from unknown_attributes
    inner join lead_values
        on
        unknown_attributes.as_of_date = lead_values.as_of_date
        and unknown_attributes.lead_no = lead_values.lead_no
        and unknown_attributes.attribute_no = lead_values.attribute_no
    left join settled_conditions
        on
        unknown_attributes.as_of_date = settled_conditions.as_of_date
        and unknown_attributes.lead_no = settled_conditions.lead_no
        and unknown_attributes.attribute_no = settled_conditions.attribute_no
    group by unknown_attributes.as_of_date, unknown_attributes.lead_no

)

-- Leads with the same values have the same set: what a set may turn into is worked out once and
-- not for each lead.
select
    as_of_date,
    lead_no,
    cast(dense_rank() over (order by set_key) as integer) as set_no
from keys
