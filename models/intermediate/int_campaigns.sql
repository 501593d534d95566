with

campaigns as (

    select * from {{ ref('stg_email__campaigns') }}

),

versions as (

    select
        *,
        row_number() over (partition by campaign_id order by _loaded_at desc) as recency
    from campaigns

),

newest_campaigns as (

    select
        campaign_id,
        campaign_name,
        topic,
        product
    from versions
    where recency = 1

)

select * from newest_campaigns
