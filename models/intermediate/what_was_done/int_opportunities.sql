with

opportunities as (

    select
        *,
        {{ gone_from() }} as gone_from
    from {{ versions_of('opportunities') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

versions as (

    select
        as_of_dates.as_of_date,
        opportunities.*,
        row_number() over (
            partition by as_of_dates.as_of_date, opportunities.opportunity_id
            order by opportunities.updated_at desc, opportunities._loaded_at desc
        ) as recency
    from opportunities
    inner join as_of_dates
        on cast(opportunities.updated_at as date) <= as_of_dates.as_of_date
        and cast(opportunities.created_at as date) <= as_of_dates.as_of_date
        and {{ is_known_by('opportunities', 'as_of_dates') }}

),

opportunities_as_of as (

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
        closed_at
    from versions
    where recency = 1 and (gone_from is null or gone_from > as_of_date)

)

select * from opportunities_as_of
