with

deals as (

    select * from {{ ref('hubspot__deals') }}
    where left_out is null

),

deal_contacts as (

    {{ read_vendor_table('hubspot', 'deal_contact', {
        'deal_id': 'text', 'contact_id': 'text', '_fivetran_deleted': 'boolean'
    }) }}

),

deal_companies as (

    {{ read_vendor_table('hubspot', 'deal_company', {
        'deal_id': 'text', 'company_id': 'text', 'type_id': 'text', '_fivetran_deleted': 'boolean'
    }) }}

),

contacts as (

    {{ read_vendor_table('hubspot', 'contact', {'id': 'text', 'property_createdate': 'timestamp'}) }}

),

-- A deal of several people is that of the one who came first.
ranked_people as (

    select
        deal_contacts.deal_id,
        coalesce(merges.survivor_id, deal_contacts.contact_id) as contact_id,
        row_number() over (
            partition by deal_contacts.deal_id
            order by
                case when contacts.id is null then 1 else 0 end,
                contacts.property_createdate,
                length(deal_contacts.contact_id),
                deal_contacts.contact_id
        ) as place
    from deal_contacts
    left join {{ ref('hubspot__merges') }} as merges on deal_contacts.contact_id = merges.loser_id
    left join contacts on coalesce(merges.survivor_id, deal_contacts.contact_id) = contacts.id
    where not coalesce(deal_contacts._fivetran_deleted, false)

),

-- Type 5 is HubSpot's own mark of a deal's primary company.
ranked_companies as (

    select
        deal_id,
        company_id,
        row_number() over (
            partition by deal_id
            order by case when type_id = '5' then 0 else 1 end, length(company_id), company_id
        ) as place
    from deal_companies
    where not coalesce(_fivetran_deleted, false)

)

select
    {{ vendor_key('hubspot', 'deals.deal_id') }} as opportunity_id,
    {{ vendor_key('hubspot', 'ranked_people.contact_id') }} as lead_id,
    {{ vendor_key('hubspot', 'ranked_companies.company_id') }} as account_id,
    coalesce(stages.stage, deals.deal_pipeline_stage_id) as stage,
    deals.property_amount as amount,
    case when stages.is_closed then stages.is_won end as is_won,
    deals.property_createdate as created_at,
    case when stages.is_closed then deals.property_closedate end as closed_at,
    deals.property_closedate as expected_close_on,
    stages.probability * 100 as probability_pct,
    coalesce(deals.property_hs_lastmodifieddate, deals.property_createdate) as updated_at,
    deals._fivetran_synced as _loaded_at
from deals
left join {{ ref('hubspot__deal_stage_names') }} as stages
    on deals.deal_pipeline_stage_id = stages.stage_id
left join ranked_people on deals.deal_id = ranked_people.deal_id and ranked_people.place = 1
left join ranked_companies
    on deals.deal_id = ranked_companies.deal_id and ranked_companies.place = 1
