with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

won_deals as (

    select
        *,
        cast({{ dbt.date_trunc('month', decided_on('opportunities')) }} as date) as month
    from opportunities
    where is_won and {{ decided_on('opportunities') }} is not null

)

select
    as_of_date,
    month,
    coalesce(lower(product), 'no product') as product,
    sum(amount) as won_amount
from won_deals
group by as_of_date, month, coalesce(lower(product), 'no product')
union all
select
    as_of_date,
    month,
    'all products' as product,
    sum(amount) as won_amount
from won_deals
group by as_of_date, month
