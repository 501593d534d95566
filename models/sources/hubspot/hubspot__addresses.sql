{{ config(materialized='table') }}

with

contacts as (

    {{ read_vendor_table('hubspot', 'contact') }}

),

changes as (

    {{ read_vendor_table('hubspot', 'contact_property_history') }}

),

merged as (

    select * from {{ ref('hubspot__merges') }}

),

own_addresses as (

    select
        id,
        property_email as address
    from contacts
    where property_email is not null
    union all
    select
        id,
        {{ split_to_rows('property_hs_additional_emails', ';') }} as address
    from contacts
    where property_hs_additional_emails is not null
    union all
    select
        contact_id as id,
        value as address
    from changes
    where name = 'email' and value is not null

),

addresses as (

    select
        lower(trim(own_addresses.address)) as address,
        coalesce(merged.survivor_id, own_addresses.id) as person_id
    from own_addresses
    left join merged on own_addresses.id = merged.loser_id

),

people as (

    select
        contacts.id as person_id,
        lower(trim(contacts.property_email)) as email
    from contacts
    left join merged on contacts.id = merged.loser_id
    where merged.loser_id is null and contacts.property_email is not null

),

-- An address that is somebody's today is theirs, and one that two people had is nobody's.
former_addresses as (

    select
        addresses.address,
        min(addresses.person_id) as person_id
    from addresses
    left join people on addresses.address = people.email
    where addresses.address <> '' and people.email is null
    group by addresses.address
    having min(addresses.person_id) = max(addresses.person_id)

)

select
    former_addresses.address,
    people.email
from former_addresses
inner join people on former_addresses.person_id = people.person_id
