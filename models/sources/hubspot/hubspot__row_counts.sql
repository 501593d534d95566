-- Each row of each table that is read is in one row here: in a raw table, or left out for a reason.
with

{{ read_vendor_tables('hubspot', [
    'contact', 'contact_property_history', 'contact_form_submission', 'company',
    'company_property_history', 'deal_property_history', 'deal_contact', 'deal_company',
    'deal_stage', 'engagement', 'engagement_contact',
]) }},

merged as (

    select * from {{ ref('hubspot__merges') }}

),

deals as (

    select * from {{ ref('hubspot__deals') }}

),

deal_people as (

    select * from {{ ref('hubspot__deal_people') }}

),

email_events as (

    select * from {{ ref('raw_email__events') }}
    where _source = 'hubspot'

),

engagements as (

    select
        vendor_table,
        engagement_id,
        case when count(*) > count(left_out) then null else min(left_out) end as left_out
    from {{ ref('hubspot__engagements') }}
    group by vendor_table, engagement_id

),

outcomes as (

    select
        'contact' as vendor_table,
        'crm.leads' as table_name,
        case
            when merged.loser_id is not null then 'merged into another: deleted, for that one'
            when contact._fivetran_deleted then 'deleted from then on'
        end as reason
    from contact
    left join merged on contact.id = merged.loser_id
    union all
    select
        'contact_property_history' as vendor_table,
        case
            when contact.id is null or contact_property_history.timestamp is null then null
            when contact_property_history.name = 'email' then 'email.events'
            when contact_property_history.name in {{ as_list(contact_properties()) }}
                then 'crm.leads'
            when contact_property_history.name in {{ as_list(var('hubspot_fields')) }}
                then 'crm.lead_attributes'
        end as table_name,
        case
            when contact_property_history.timestamp is null then 'has no time'
            when contact.id is null then 'names a contact that is not there'
            when contact_property_history.name = 'email' then 'an address that finds its person'
            when contact_property_history.name in {{ as_list(contact_properties()) }}
                then 'a part of a version'
            when contact_property_history.name in {{ as_list(var('hubspot_fields')) }} then null
            else 'is of a property that is not read'
        end as reason
    from contact_property_history
    left join contact on contact_property_history.contact_id = contact.id
    union all
    select
        'contact_form_submission' as vendor_table,
        'web.events' as table_name,
        case
            when contact.property_email is null then 'of a contact without an address: nobody''s'
        end as reason
    from contact_form_submission
    left join merged on contact_form_submission.contact_id = merged.loser_id
    left join contact
        on coalesce(merged.survivor_id, contact_form_submission.contact_id) = contact.id
    union all
    select
        'company' as vendor_table,
        case when is_deleted or _fivetran_deleted then null else 'crm.accounts' end as table_name,
        case when is_deleted or _fivetran_deleted then 'was deleted' end as reason
    from company
    union all
    {{ outcomes_of_changes('company_property_history', 'company_id', 'company', 'id',
        company_properties(), 'crm.accounts') }}
    union all
    select
        'deal' as vendor_table,
        case when left_out is null then 'crm.opportunities' end as table_name,
        left_out as reason
    from deals
    union all
    {{ outcomes_of_changes('deal_property_history', 'deal_id', 'deals', 'deal_id',
        deal_properties(), 'crm.opportunities') }}
    union all
    select
        'deal_contact' as vendor_table,
        case
            when deal_people.deal_id is not null and deals.deal_id is not null
                and deals.left_out is null then 'crm.opportunities'
        end as table_name,
        case
            when deal_contact._fivetran_deleted then 'was deleted'
            when deals.deal_id is null then 'names a deal that is not there'
            when deals.left_out is not null then 'of a deal that ' || deals.left_out
            when deal_people.deal_id is null then 'another contact of the deal came first'
            else 'names the lead'
        end as reason
    from deal_contact
    left join merged on deal_contact.contact_id = merged.loser_id
    left join deal_people
        on
        deal_contact.deal_id = deal_people.deal_id
        and coalesce(merged.survivor_id, deal_contact.contact_id) = deal_people.contact_id
    left join deals on deal_contact.deal_id = deals.deal_id
    union all
    select
        'deal_company' as vendor_table,
        case when deals.left_out is null and deals.deal_id is not null then 'crm.opportunities' end
            as table_name,
        case
            when deals.deal_id is null then 'names a deal that is not there'
            else coalesce(deals.left_out, 'names the account')
        end as reason
    from deal_company
    left join deals on deal_company.deal_id = deals.deal_id
    union all
    select
        'deal_stage' as vendor_table,
        case when deals.left_out is null then 'crm.opportunity_stages' end as table_name,
        case
            when deals.left_out is not null then 'of a deal that ' || deals.left_out
            when deals.deal_id is null then 'names a deal that is not there'
        end as reason
    from deal_stage
    left join deals on deal_stage.deal_id = deals.deal_id
    union all
    select
        'email_event' as vendor_table,
        'email.events' as table_name,
        case
            when user_agent = 'machine: HubSpot' then 'a machine''s, says HubSpot'
            when event_type = 'soft_bounce' then 'a soft bounce: counts as none'
        end as reason
    from email_events
    union all
    select
        vendor_table,
        case when left_out is null then 'crm.activities' end as table_name,
        left_out as reason
    from engagements
    union all
    select
        'engagement' as vendor_table,
        'crm.activities' as table_name,
        'told by the table of its kind' as reason
    from engagement
    left join engagements
        on engagement.id = engagements.engagement_id and engagements.vendor_table = 'engagement'
    where engagements.engagement_id is null
    union all
    select
        'engagement_contact' as vendor_table,
        case when engagements.engagement_id is not null then 'crm.activities' end as table_name,
        case
            when engagements.engagement_id is null then 'names an engagement that is not there'
            else 'names the lead'
        end as reason
    from engagement_contact
    left join engagements on engagement_contact.engagement_id = engagements.engagement_id
    {{ outcomes_of_details('hubspot', {
        'contact_list_member': ['crm.activities', none],
        'contact_list': ['crm.activities', 'names a list'],
        'contact_merge_audit': ['crm.leads', 'tells of a merge'],
        'deal_pipeline_stage': ['crm.opportunities', 'names a stage'],
        'merged_deal': ['crm.opportunities', 'tells of a merge'],
        'email_campaign': ['email.campaigns', none],
        'email_event_bounce': ['email.events', 'tells more of an event'],
        'email_event_click': ['email.events', 'tells more of an event'],
        'email_event_open': ['email.events', 'tells more of an event'],
        'email_event_status_change': ['email.events', 'tells more of an event'],
    }) }}

)

{{ count_outcomes() }}
