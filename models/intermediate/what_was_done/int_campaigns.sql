with

campaigns as (

    select * from {{ ref('stg_email__campaigns') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

versions as (

    select
        as_of_dates.as_of_date,
        campaigns.*,
        row_number() over (
            partition by as_of_dates.as_of_date, campaigns.campaign_id
            order by campaigns._loaded_at desc nulls last
        ) as recency
    from campaigns
    inner join as_of_dates on {{ is_known_by('campaigns', 'as_of_dates') }}

),

newest_campaigns as (

    select
        as_of_date,
        campaign_id,
        campaign_name,
        topic,
        product
    from versions
    where recency = 1

)

select * from newest_campaigns
