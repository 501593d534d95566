-- Each row of each table that is read is in one row here: in a raw table, or left out for a reason.
with

{{ read_vendor_tables('marketo', ['lead', 'activity_delete_lead']) }},

people as (

    select * from {{ ref('marketo__people') }}

),

changes as (

    select
        vendor_changes.name,
        vendor_changes.timestamp,
        people.is_there
    from {{ ref('marketo__changes') }} as vendor_changes
    left join people on vendor_changes.lead_id = people.id
    where vendor_changes.is_change

),

outcomes as (

    select
        'lead' as vendor_table,
        'crm.leads' as table_name,
        case
            when people.is_merged then 'merged into another: deleted, for that one'
            when people.deleted_at is not null or lead._fivetran_deleted
                then 'deleted from then on'
        end as reason
    from lead
    left join people on lead.id = people.id
    union all
    select
        'activity_change_data_value' as vendor_table,
        case
            when timestamp is null or not coalesce(is_there, false) then null
            when name = 'email' then 'email.events'
            when name in {{ as_list(marketo_fields()) }} then 'crm.leads'
            when name in {{ as_list(marketo_custom_fields()) }} then 'crm.lead_attributes'
        end as table_name,
        case
            when timestamp is null then 'has no time'
            when not coalesce(is_there, false) then 'names a lead that is not there'
            when name = 'email' then 'an address that finds its person'
            when name in {{ as_list(marketo_fields()) }} then 'a part of a version'
            when name in {{ as_list(marketo_custom_fields()) }} then null
            else 'is of a field that is not read'
        end as reason
    from changes
    union all
    select
        'activity_delete_lead' as vendor_table,
        case when people.is_there then 'crm.leads' end as table_name,
        case
            when people.is_there then 'tells of a deletion'
            else 'names a lead that is not there'
        end as reason
    from activity_delete_lead
    left join people on activity_delete_lead.lead_id = people.id
    union all
    select
        vendor_table,
        case when left_out is null then table_name end as table_name,
        coalesce(
            left_out,
            case
                when person_email is null and table_name <> 'crm.activities'
                    and (email is null or table_name <> 'email.events')
                    then 'of a lead that is not there or has no address: nobody''s'
                when is_bot_activity then 'a machine''s, says Marketo'
                when meaning = 'soft_bounce' then 'a soft bounce: counts as none'
            end
        ) as reason
    from {{ ref('marketo__events') }}
    {{ outcomes_of_details('marketo', {
        'activity_merge_leads': ['crm.leads', 'tells of a merge'],
        'email_template_history': ['email.campaigns', none],
        'lead_describe': ['crm.leads', 'names a field'],
        'program': ['crm.activities', 'tells the channel of a program'],
    }) }}

)

{{ count_outcomes() }}
