select
    {{ vendor_key('marketo', 'id') }} as activity_id,
    {{ vendor_key('marketo', 'person_id') }} as lead_id,
    meaning as activity_type,
    coalesce(description, primary_attribute_value) as subject,
    activity_date__given as occurred_at,
    coalesce(_fivetran_synced, activity_date) as _loaded_at,
    _file_name
from {{ ref('marketo__events') }}
where table_name = 'crm.activities' and left_out is null
