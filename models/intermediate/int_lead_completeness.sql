with

lead_attributes as (

    select * from {{ ref('int_lead_attributes') }}

),

key_fields as (

    select * from {{ ref('model_key_fields') }}

),

completeness as (

    select
        lead_attributes.as_of_date,
        key_fields.model_id,
        lead_attributes.lead_id,
        count(nullif(lead_attributes.value, '')) as filled_fields,
        count(*) as key_fields
    from lead_attributes
    inner join key_fields on lead_attributes.attribute = key_fields.attribute
    group by lead_attributes.as_of_date, key_fields.model_id, lead_attributes.lead_id

)

select
    as_of_date,
    model_id,
    lead_id,
    cast(filled_fields as {{ dbt.type_bigint() }}) as filled_fields,
    {{ completeness_pct('filled_fields', 'key_fields') }} as completeness_pct
from completeness
