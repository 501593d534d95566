-- Each row of each table that is read is in one row here: in a raw table, or left out for a reason.
with

{{ read_salesforce_tables([
    'opportunity_history', 'opportunity_contact_role', 'opportunity_line_item'
]) }},

lead_versions as (

    select * from {{ ref('salesforce__lead_versions') }}

),

contact_versions as (

    select * from {{ ref('salesforce__contact_versions') }}

),

account_versions as (

    select * from {{ ref('salesforce__account_versions') }}

),

opportunity_versions as (

    select * from {{ ref('salesforce__opportunity_versions') }}

),

people as (

    select * from {{ ref('salesforce__people') }}

),

merges as (

    select * from {{ ref('salesforce__merges') }}

),

deals as (

    select * from {{ ref('salesforce__deals') }}

),

appointments as (

    select * from {{ ref('salesforce__appointments') }}

),

{{ contacts_from() }},

outcomes as (

    select
        versions.vendor_table,
        case
            when contacts_from.own_id is null or versions.updated_at < contacts_from.updated_at
                then 'crm.leads'
        end as table_name,
        case
            when versions.updated_at >= contacts_from.updated_at
                then 'is later than what the contact says that it became'
            when people.has_ended then 'became another record: deleted from then on'
            when versions.is_deleted then 'deleted from then on'
        end as reason
    from lead_versions as versions
    left join people on versions.id = people.record_id
    left join contacts_from on versions.id = contacts_from.own_id
    where versions.vendor_table is not null
    union all
    select
        versions.vendor_table,
        'crm.leads' as table_name,
        case
            when people.own_id <> people.person_id
                then 'became another record: deleted from then on'
            when versions.is_deleted then 'deleted from then on'
            when people.own_id <> versions.id then 'goes on with the lead that it was'
        end as reason
    from contact_versions as versions
    left join people on versions.id = people.record_id
    where versions.vendor_table is not null
    union all
    select
        versions.vendor_table,
        case when newest.id is null then 'crm.accounts' end as table_name,
        case
            when merges.loser_id is not null then 'was merged into another'
            when newest.id is not null then 'was deleted'
        end as reason
    from account_versions as versions
    left join account_versions as newest
        on versions.id = newest.id and newest.is_newest and newest.is_deleted
    left join merges on versions.id = merges.loser_id
    where versions.vendor_table is not null
    union all
    select
        versions.vendor_table,
        case when deals.left_out is null then 'crm.opportunities' end as table_name,
        deals.left_out as reason
    from opportunity_versions as versions
    left join deals on versions.id = deals.id
    where versions.vendor_table is not null
    union all
    select
        'opportunity_history' as vendor_table,
        case when deals.id is not null and deals.left_out is null then 'crm.opportunity_stages' end
            as table_name,
        case
            when opportunity_history.created_date is null then 'has no time'
            when deals.id is null then 'names a deal that is not there'
            when deals.left_out is not null then 'of a deal that ' || deals.left_out
            else 'a part of a version'
        end as reason
    from opportunity_history
    left join deals on opportunity_history.opportunity_id = deals.id
    where opportunity_history.opportunity_id is not null
    or opportunity_history._fivetran_start is null
    union all
    {{ outcomes_of_field_changes('lead', 'lead_history', 'crm.leads') }}
    union all
    {{ outcomes_of_field_changes('contact', 'contact_history', 'crm.leads') }}
    union all
    {{ outcomes_of_field_changes('account', 'account_history', 'crm.accounts') }}
    union all
    {{ outcomes_of_field_changes('opportunity', 'opportunity_field_history', 'crm.opportunities') }}
    union all
    select
        'opportunity_contact_role' as vendor_table,
        case when {{ names_the_lead() }} then 'crm.opportunities' end as table_name,
        case
            when {{ is_gone('roles') }} then 'was deleted'
            when deals.id is null then 'names a deal that is not there'
            when deals.left_out is not null then 'of a deal that ' || deals.left_out
            when {{ names_the_lead() }} then 'names the lead'
            else 'another contact of the deal goes before'
        end as reason
    from opportunity_contact_role as roles
    left join deals on roles.opportunity_id = deals.id
    left join people on roles.contact_id = people.record_id
    union all
    select
        'opportunity_line_item' as vendor_table,
        case
            when deals.id is not null and deals.left_out is null and not {{ is_gone('items') }}
                then 'crm.opportunities'
        end as table_name,
        case
            when {{ is_gone('items') }} then 'was deleted'
            when deals.id is null then 'names a deal that is not there'
            when deals.left_out is not null then 'of a deal that ' || deals.left_out
            else 'names a product'
        end as reason
    from opportunity_line_item as items
    left join deals on items.opportunity_id = deals.id
    union all
    select
        vendor_table,
        case when left_out is null then 'crm.activities' end as table_name,
        left_out as reason
    from appointments
    {{ outcomes_of_details('salesforce', {
        'campaign': ['crm.activities', 'names a campaign'],
        'currency_type': ['crm.opportunities', 'names a rate'],
        'opportunity_stage': ['crm.opportunities', 'names a stage'],
        'product_2': ['crm.opportunities', 'names a product'],
    }) }}

)

{{ count_outcomes() }}
