with

deals as (

    select * from {{ ref('pardot__deals') }}
    where left_out is null

)

select
    {{ vendor_key('pardot', 'id') }} as opportunity_id,
    {{ vendor_key('pardot', 'prospect_id') }} as lead_id,
    coalesce(
        {{ vendor_key('salesforce', salesforce_id('crm_account_fid')) }},
        {{ vendor_key('pardot', 'prospect_account_id') }}
    ) as account_id,
    stage,
    value as amount,
    case
        when lower(status) = 'won' then true
        when lower(status) = 'lost' then false
    end as is_won,
    created_at__given as created_at,
    -- The day of an open one is the one on which it is to close.
    case when lower(status) in ('won', 'lost') then closed_at__given end as closed_at,
    closed_at__given as expected_close_on,
    probability as probability_pct,
    coalesce(updated_at__given, created_at__given) as updated_at,
    {{ later_of('_fivetran_synced', 'updated_at') }} as _loaded_at,
    _file_name
from deals
