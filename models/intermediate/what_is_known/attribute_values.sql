with

lead_attributes as (

    select * from {{ ref('int_lead_attributes') }}

),

attribute_candidates as (

    select * from {{ ref('attribute_candidates') }}

),

-- What occurs, what may turn out, and missing, which is a value of every attribute.
found as (

    select
        attribute,
        value
    from lead_attributes
    union
    select
        attribute,
        value
    from attribute_candidates
    union
    select
        attribute,
        '' as value
    from {{ ref('named_attributes') }}

)

select
    cast(row_number() over (order by attribute, value) as integer) as value_no,
    attribute,
    value
from found
