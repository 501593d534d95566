with

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

lead_attributes as (

    select * from {{ ref('int_lead_attributes') }}

),

demands as (

    select
        model_id,
        tier,
        {{ split_to_rows('required_fields') }} as attribute
    from model_tiers
    where required_fields is not null

)

select
    lead_attributes.as_of_date,
    demands.model_id,
    lead_attributes.lead_id,
    demands.tier,
    {{ dbt.listagg('lead_attributes.attribute', "'|'", 'order by lead_attributes.attribute') }}
        as missing_fields
from demands
inner join lead_attributes on trim(demands.attribute) = lead_attributes.attribute
where lead_attributes.value = ''
group by
    lead_attributes.as_of_date, demands.model_id, lead_attributes.lead_id, demands.tier
