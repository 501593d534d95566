with

merged as (

    select * from {{ ref('hubspot__merges') }}

),

addresses as (

    select * from {{ ref('hubspot__addresses') }}

)

select
    {{ vendor_key('hubspot', 'loser_id') }} as alias_id,
    {{ vendor_key('hubspot', 'survivor_id') }} as lead_id
from merged
union all
select
    address as alias_id,
    email as lead_id
from addresses
