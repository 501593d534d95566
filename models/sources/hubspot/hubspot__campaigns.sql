with

campaigns as (

    {{ read_vendor_table('hubspot', 'email_campaign', {
        'id': 'text', 'name': 'text', 'subject': 'text', '_fivetran_synced': 'given'
    }) }}

)

select
    {{ vendor_key('hubspot', 'id') }} as campaign_id,
    coalesce(name, subject) as campaign_name,
    _fivetran_synced as _loaded_at
from campaigns
