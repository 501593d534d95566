with

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

met_values as (

    select distinct value_no from {{ ref('value_points') }}

),

attributes as (

    select * from {{ ref('attributes') }}

)

-- Evidence may be read by anyone who reads the score, so it names no personal data.
select
    attribute_values.value_no,
    replace(attribute_values.attribute, '_', ' ') || case
        when attribute_values.value = '' then ' is unknown'
        when attributes.is_personal = 'true' then ' is given'
        else ': ' || attribute_values.value
    end as evidence
from attribute_values
inner join met_values on attribute_values.value_no = met_values.value_no
left join attributes on attribute_values.attribute = attributes.attribute
