with

versions as (

    select * from {{ ref('salesforce__opportunity_versions') }}

),

deals as (

    select * from {{ ref('salesforce__deals') }}

),

stages as (

    select * from {{ ref('salesforce__stages') }}

),

merged_records as (

    select * from {{ ref('salesforce__merges') }}

),

currencies as (

    select * from {{ ref('salesforce__currencies') }}

),

-- Whether a deal was closed in a version is told by its stage then.
staged as (

    select
        versions.*,
        case when versions.is_newest then versions.is_closed else stages.is_closed end
            as is_closed_then,
        case when versions.is_newest then versions.is_won else stages.is_won end as is_won_then
    from versions
    left join stages on versions.stage_name = stages.stage

)

select
    {{ vendor_key('salesforce', 'staged.id') }} as opportunity_id,
    {{ vendor_key('salesforce', 'deals.person_id') }} as lead_id,
    {{ vendor_key('salesforce', 'coalesce(merged_records.survivor_id, staged.account_id)') }}
        as account_id,
    deals.product,
    staged.stage_name as stage,
    {{ in_own_currency('staged.amount', 'staged.currency_iso_code', 'currencies.factor') }}
        as amount,
    case when staged.is_closed_then then coalesce(staged.is_won_then, false) end as is_won,
    staged.created_at,
    case when staged.is_closed_then then staged.close_date end as closed_at,
    staged.close_date as expected_close_on,
    staged.probability as probability_pct,
    staged.updated_at,
    staged.loaded_at as _loaded_at,
    staged._file_name
from staged
left join deals on staged.id = deals.id
left join merged_records on staged.account_id = merged_records.loser_id
left join currencies on upper(staged.currency_iso_code) = currencies.iso_code
where deals.left_out is null
