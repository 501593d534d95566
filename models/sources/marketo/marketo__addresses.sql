{{ config(materialized='table') }}

with

leads as (

    {{ read_vendor_table('marketo', 'lead') }}

),

changes as (

    select * from {{ ref('marketo__changes') }}
    where name = 'email'

),

people as (

    select * from {{ ref('marketo__people') }}

),

own_addresses as (

    select
        id,
        email as address
    from leads
    union all
    select
        lead_id as id,
        value as address
    from changes

),

addresses as (

    select
        lower(trim(own_addresses.address)) as address,
        lower(trim(people.email)) as email
    from own_addresses
    inner join people on own_addresses.id = people.id
    where own_addresses.address is not null and people.email is not null

)

-- An address that is somebody's today is theirs, and one that two people had is nobody's.
select
    address,
    min(email) as email
from addresses
where address not in (select email from addresses)
group by address
having min(email) = max(email)
