with

opportunities as (

    select * from {{ ref('stg_crm__opportunities') }}

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
        stage,
        amount,
        is_won,
        closed_at
    from versions
    where recency = 1

)

select * from opportunities_as_of
