-- A prospect names the records of Salesforce that it is kept the same as.
with

prospects as (

    {{ read_pardot('prospect') }}

),

links as (

    select
        id,
        crm_contact_fid as linked_id
    from prospects
    where crm_contact_fid is not null
    union all
    select
        id,
        crm_lead_fid as linked_id
    from prospects
    where crm_lead_fid is not null

)

select
    {{ vendor_key('pardot', 'id') }} as lead_id,
    {{ vendor_key('salesforce', salesforce_id('linked_id')) }} as linked_id
from links
