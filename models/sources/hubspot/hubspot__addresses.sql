with

contacts as (

    {{ read_vendor_table('hubspot', 'contact', {
        'id': 'text', 'property_email': 'text', 'property_hs_additional_emails': 'text'
    }) }}

),

changes as (

    {{ read_vendor_table('hubspot', 'contact_property_history', {
        'contact_id': 'text', 'name': 'text', 'value': 'text'
    }) }}

),

people as (

    select
        contacts.*,
        coalesce(merges.survivor_id, contacts.id) as person_id
    from contacts
    left join {{ ref('hubspot__merges') }} as merges on contacts.id = merges.loser_id

),

addresses as (

    select
        person_id,
        {{ split_to_rows('property_hs_additional_emails', ';') }} as address
    from people
    where property_hs_additional_emails is not null
    union all
    select
        people.person_id,
        changes.value as address
    from changes
    inner join people on changes.contact_id = people.id
    where changes.name = 'email'
    union all
    select
        person_id,
        property_email as address
    from people
    where person_id <> id

),

-- An address that is somebody's today is theirs, and one that two people had is nobody's.
others as (

    select
        lower(trim(address)) as address,
        min(person_id) as person_id
    from addresses
    where trim(address) <> ''
    and lower(trim(address)) not in (
        select lower(property_email) from people
        where property_email is not null and person_id = id
    )
    group by lower(trim(address))
    having min(person_id) = max(person_id)

)

select
    others.address,
    people.property_email as email
from others
inner join people on others.person_id = people.id
where people.property_email is not null
