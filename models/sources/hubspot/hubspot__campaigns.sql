with

campaigns as (

    {{ read_vendor_table('hubspot', 'email_campaign') }}

)

select
    {{ vendor_key('hubspot', 'id') }} as campaign_id,
    coalesce(name, subject) as campaign_name,
    _fivetran_synced__given as _loaded_at,
    _file_name
from campaigns
