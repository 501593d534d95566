with

suppressions as (

    select * from {{ ref('deal_suppressions') }}

),

deals as (

    select * from {{ ref('int_lead_deals') }}

),

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}
    where event_count > 0

),

activities as (

    select * from {{ ref('int_activities') }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

),

suppressing_models as (

    select distinct
        model_no,
        product
    from suppressions

),

-- What is later says more: the latest deal speaks for the lead, of a product's model among those
-- of its product.
ranked_deals as (

    select
        deals.as_of_date,
        deals.lead_no,
        deals.deal_state,
        deals.deal_state_on,
        suppressing_models.model_no,
        row_number() over (
            partition by deals.as_of_date, suppressing_models.model_no, deals.lead_no
            order by
                deals.deal_state_on desc nulls last, deals.created_at desc nulls last,
                deals.opportunity_id desc
        ) as recency
    from deals
    inner join suppressing_models
        on {{ is_of_product('suppressing_models.product', 'deals.product') }}

),

suppressed as (

    select
        ranked_deals.as_of_date,
        ranked_deals.lead_no,
        ranked_deals.deal_state_on,
        {{ days_between('ranked_deals.deal_state_on', 'ranked_deals.as_of_date') }} as days_ago,
        suppressions.*,
        cast(ranked_deals.deal_state_on + suppressions.cool_down_days as date) as suppressed_until
    from ranked_deals
    inner join suppressions
        on
        ranked_deals.model_no = suppressions.model_no
        and ranked_deals.deal_state = suppressions.deal_state
    where
        ranked_deals.recency = 1
        and (
            suppressions.cool_down_days is null
            or ranked_deals.deal_state_on + suppressions.cool_down_days > ranked_deals.as_of_date
        )

),

named_reopeners as (

    select
        model_no,
        product,
        deal_state,
        {{ split_to_trimmed_rows('reopened_by') }} as activity
    from suppressions
    where reopened_by <> ''

),

reopeners as (

    select
        named_reopeners.model_no,
        named_reopeners.deal_state,
        activities.activity_no
    from named_reopeners
    inner join activities
        on
        named_reopeners.activity = activities.activity
        and {{ is_of_product('named_reopeners.product', 'activities.named_product') }}

),

reopened as (

    select distinct
        suppressed.as_of_date,
        suppressed.model_no,
        suppressed.lead_no
    from suppressed
    inner join reopeners
        on
        suppressed.model_no = reopeners.model_no
        and suppressed.deal_state = reopeners.deal_state
    inner join lead_activity_days
        on
        suppressed.as_of_date = lead_activity_days.as_of_date
        and suppressed.lead_no = lead_activity_days.lead_no
        and reopeners.activity_no = lead_activity_days.activity_no
        and suppressed.days_ago > lead_activity_days.days_ago

)

select
    suppressed.as_of_date,
    suppressed.model_id,
    lead_numbers.lead_id,
    suppressed.deal_state,
    suppressed.deal_state_on,
    suppressed.suppressed_until,
    suppressed.reason
from suppressed
inner join lead_numbers on suppressed.lead_no = lead_numbers.lead_no
left join reopened
    on
    suppressed.as_of_date = reopened.as_of_date
    and suppressed.model_no = reopened.model_no
    and suppressed.lead_no = reopened.lead_no
where reopened.lead_no is null
