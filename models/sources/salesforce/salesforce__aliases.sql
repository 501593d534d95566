with

people as (

    select * from {{ ref('salesforce__people') }}

)

select
    {{ vendor_key('salesforce', 'record_id') }} as alias_id,
    {{ vendor_key('salesforce', 'person_id') }} as lead_id
from people
where record_id <> person_id
