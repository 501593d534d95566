with

campaigns as (

    {{ read_pardot('campaign') }}

)

select
    {{ vendor_key('pardot', 'id') }} as campaign_id,
    name as campaign_name,
    _fivetran_synced__given as _loaded_at,
    _file_name
from campaigns
