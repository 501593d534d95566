-- Of each opportunity whose it is, and why it is left out.
with

opportunities as (

    {{ read_pardot('opportunity') }}

),

members as (

    {{ read_pardot('opportunity_prospect') }}

),

prospects as (

    {{ read_pardot('prospect') }}

),

-- An opportunity of several prospects is that of the one who came first.
ranked as (

    select
        members.opportunity_id,
        members.prospect_id,
        prospects.crm_account_fid,
        prospects.prospect_account_id,
        row_number() over (
            partition by members.opportunity_id
            order by
                prospects.created_at asc nulls last,
                length(members.prospect_id) asc,
                members.prospect_id asc
        ) as place
    from members
    left join prospects on members.prospect_id = prospects.id
    where not coalesce(members._fivetran_deleted, false)

)

select
    opportunities.*,
    ranked.prospect_id,
    ranked.crm_account_fid,
    ranked.prospect_account_id,
    case
        when coalesce(opportunities._fivetran_deleted, false) then 'was deleted'
        when {{ "true" if "salesforce" in sources() else "false" }}
            then 'is told by Salesforce, which is read itself'
    end as left_out
from opportunities
left join ranked on opportunities.id = ranked.opportunity_id and ranked.place = 1
