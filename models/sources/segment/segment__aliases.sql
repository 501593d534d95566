-- Whose address was another one when events of theirs were read, or was not known yet: a change
-- here has all events folded anew. Who had one from the first event on, and kept it, is not among
-- them.
with

events as (

    select
        vendor_table,
        user_id,
        lower(email) as address,
        coalesce(received_at, event_time) as loaded_at
    from {{ ref('segment__events') }}
    where user_id is not null

),

users as (

    select * from {{ ref('segment__users') }}

),

seen as (

    select
        user_id,
        min(loaded_at) as first_loaded_at,
        min(case when vendor_table = 'identifies' and address is not null then loaded_at end)
            as first_named_at,
        min(case when vendor_table = 'identifies' then address end) as least_address,
        max(case when vendor_table = 'identifies' then address end) as greatest_address
    from events
    group by user_id

)

select
    {{ vendor_key('segment', 'users.user_id') }} as alias_id,
    users.email as lead_id
from users
inner join seen on users.user_id = seen.user_id
where
    seen.first_named_at > seen.first_loaded_at
    or seen.least_address <> lower(users.email)
    or seen.greatest_address <> lower(users.email)
