-- Marketo that is joined to a Salesforce knows the id of its lead or contact.
with

leads as (

    {{ read_vendor_table('marketo', 'lead') }}

)

select
    {{ vendor_key('marketo', 'id') }} as lead_id,
    {{ vendor_key('salesforce', 'coalesce(sfdc_contact_id, sfdc_lead_id)') }} as linked_id
from leads
where sfdc_contact_id is not null or sfdc_lead_id is not null
