with

deals as (

    select * from {{ ref('hubspot__deals') }}
    where left_out is null

),

changes as (

    {{ read_vendor_table('hubspot', 'deal_property_history') }}

),

deal_companies as (

    {{ read_vendor_table('hubspot', 'deal_company') }}

),

stages as (

    select * from {{ ref('hubspot__stages') }}

),

people as (

    select * from {{ ref('hubspot__deal_people') }}

),

{{ property_versions('changes', 'deal_id', deal_properties()) }},

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

),

known_deals as (

    select
        deals.*,
        deals.deal_pipeline_stage_id as property_dealstage,
        coalesce(
            deals.property_hs_lastmodifieddate,
            greatest(last_changes.changed_at, deals.property_createdate),
            last_changes.changed_at,
            deals.property_createdate
        ) as updated_at
    from deals
    left join last_changes on deals.deal_id = last_changes.deal_id

),

versions as (

    select
        known_deals.deal_id,
        known_deals.property_createdate__given as created_at,
        case when past.amount_changes > 0 then past.amount else known_deals.property_amount end
            as amount,
        case
            when past.dealstage_changes > 0 then past.dealstage
            else known_deals.property_dealstage
        end as stage_id,
        case
            when past.closedate_changes > 0 then {{ read_moment('past.closedate') }}
            else known_deals.property_closedate
        end as closes_at,
        past.changed_at as updated_at,
        coalesce(past.loaded_at, past.changed_at) as loaded_at,
        past._file_name
    from past
    inner join known_deals on past.deal_id = known_deals.deal_id
    where past.changed_at < known_deals.updated_at
    union all
    select
        deal_id,
        property_createdate__given as created_at,
        property_amount as amount,
        property_dealstage as stage_id,
        property_closedate as closes_at,
        updated_at,
        coalesce(_fivetran_synced, updated_at) as loaded_at,
        _file_name
    from known_deals

)

select
    {{ vendor_key('hubspot', 'versions.deal_id') }} as opportunity_id,
    {{ vendor_key('hubspot', 'people.contact_id') }} as lead_id,
    {{ vendor_key('hubspot', 'ranked_companies.company_id') }} as account_id,
    coalesce(stages.stage, versions.stage_id) as stage,
    versions.amount,
    case when stages.is_closed then stages.is_won end as is_won,
    versions.created_at,
    case when stages.is_closed then versions.closes_at end as closed_at,
    versions.closes_at as expected_close_on,
    stages.probability * 100 as probability_pct,
    versions.updated_at,
    versions.loaded_at as _loaded_at,
    versions._file_name
from versions
left join stages on versions.stage_id = stages.stage_id
left join people on versions.deal_id = people.deal_id
left join ranked_companies
    on versions.deal_id = ranked_companies.deal_id and ranked_companies.place = 1
