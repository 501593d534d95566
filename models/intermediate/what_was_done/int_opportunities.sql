with

opportunities as (

    {{ newest_versions('opportunities', 'opportunity_id', is_created=true) }}

)

select
    as_of_date,
    opportunity_id,
    lead_id,
    account_id,
    product,
    stage,
    amount,
    is_won,
    created_at,
    closed_at,
    probability_pct,
    expected_close_on,
    updated_at
from opportunities
