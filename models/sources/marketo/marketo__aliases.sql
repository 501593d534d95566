select
    {{ vendor_key('marketo', 'loser_id') }} as alias_id,
    {{ vendor_key('marketo', 'survivor_id') }} as lead_id
from {{ ref('marketo__merges') }}
union all
select
    address as alias_id,
    email as lead_id
from {{ ref('marketo__addresses') }}
