with

templates as (

    {{ read_vendor_table('marketo', 'email_template_history') }}

)

select
    {{ vendor_key('marketo', 'id') }} as campaign_id,
    coalesce(name, subject) as campaign_name,
    -- Of several versions that were read at once the newest counts.
    coalesce(updated_at, _fivetran_synced) as _loaded_at,
    _file_name
from templates
