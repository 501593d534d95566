select
    {{ vendor_key('segment', 'user_id') }} as alias_id,
    email as lead_id
from {{ ref('segment__users') }}
