with

deal_contacts as (

    {{ read_vendor_table('hubspot', 'deal_contact') }}

),

contacts as (

    {{ read_vendor_table('hubspot', 'contact') }}

),

merged as (

    select * from {{ ref('hubspot__merges') }}

),

linked as (

    select distinct
        deal_contacts.deal_id,
        coalesce(merged.survivor_id, deal_contacts.contact_id) as contact_id
    from deal_contacts
    left join merged on deal_contacts.contact_id = merged.loser_id
    where not coalesce(deal_contacts._fivetran_deleted, false)

),

-- A deal of several people is that of the one who came first.
ranked as (

    select
        linked.deal_id,
        linked.contact_id,
        row_number() over (
            partition by linked.deal_id
            order by
                case when contacts.property_createdate is null then 1 else 0 end,
                contacts.property_createdate,
                length(linked.contact_id),
                linked.contact_id
        ) as place
    from linked
    left join contacts on linked.contact_id = contacts.id

)

select
    deal_id,
    contact_id
from ranked
where place = 1
