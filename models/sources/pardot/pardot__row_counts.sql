-- Each row of each table that is read is in one row here: in a raw table, or left out for a reason.
with

prospects as (

    {{ read_pardot('prospect') }}

),

members as (

    {{ read_pardot('list_membership') }}

),

deal_members as (

    {{ read_pardot('opportunity_prospect') }}

),

deals as (

    select * from {{ ref('pardot__deals') }}

),

happenings as (

    select * from {{ ref('pardot__happenings') }}

),

outcomes as (

    select
        'prospect' as vendor_table,
        'crm.leads' as table_name,
        case
            when _fivetran_deleted then 'deleted from then on'
            when is_archived then 'in the recycle bin: deleted until it is taken out'
        end as reason
    from prospects
    union all
    select
        'opportunity' as vendor_table,
        case when left_out is null then 'crm.opportunities' end as table_name,
        left_out as reason
    from deals
    union all
    select
        'opportunity_prospect' as vendor_table,
        case
            when deals.left_out is null and deals.prospect_id = deal_members.prospect_id
                then 'crm.opportunities'
        end as table_name,
        case
            when deal_members._fivetran_deleted then 'was deleted'
            when deals.id is null then 'names a deal that is not there'
            when deals.left_out is not null then 'of a deal that ' || deals.left_out
            when deals.prospect_id = deal_members.prospect_id then 'names the lead'
            else 'another prospect of the deal came first'
        end as reason
    from deal_members
    left join deals on deal_members.opportunity_id = deals.id
    union all
    select
        'list_membership' as vendor_table,
        case when not coalesce(_fivetran_deleted, false) then 'crm.activities' end as table_name,
        case when _fivetran_deleted then 'was deleted' end as reason
    from members
    union all
    select
        'visitor_activity' as vendor_table,
        case
            when left_out is not null then null
            when field = 'email_event' then 'email.events'
            when field = 'web_event' then 'web.events'
            else 'crm.activities'
        end as table_name,
        case
            when left_out is not null then left_out
            when is_unknown then kind || ' is not in source_words.csv: counts as nothing'
        end as reason
    from happenings
    {{ outcomes_of_details('pardot', {
        'campaign': ['email.campaigns', none],
        'list': ['crm.activities', 'names a list'],
        'visitor': ['web.events', 'says whose browser it is'],
    }) }}

)

{{ count_outcomes() }}
