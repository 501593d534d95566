{{ config(materialized='view') }}

with

leads as (

    select
        as_of_date,
        lead_no
    from {{ ref('int_leads') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

scoped_attributes as (

    select distinct
        attribute_key,
        coalesce(lower(product), '') as product_key
    from {{ ref('scoped_attributes') }}
    where kind = 'deals'

),

attribute_activities as (

    select distinct
        attribute_no,
        measure,
        valid_from,
        valid_to
    from {{ ref('int_attribute_activities') }}

),

activity_measures as (

    select * from {{ ref('int_lead_activity_measures') }}

),

deal_counts as (

    select * from {{ ref('int_lead_deal_counts') }}

),

deal_attributes as (

    select
        named_attributes.attribute,
        named_attributes.written_attribute,
        scoped_attributes.product_key
    from named_attributes
    inner join scoped_attributes on named_attributes.attribute = scoped_attributes.attribute_key

),

activity_attributes as (

    select
        named_attributes.attribute_no,
        named_attributes.attribute,
        as_of_dates.as_of_date,
        attribute_activities.measure
    from named_attributes
    cross join {{ ref('int_as_of_dates') }} as as_of_dates
    left join attribute_activities
        on
        named_attributes.attribute_no = attribute_activities.attribute_no
        and {{ is_valid_on('attribute_activities', 'as_of_dates.as_of_date') }}
    where named_attributes.kind = 'activities'

)

select
    leads.as_of_date,
    leads.lead_no,
    deal_attributes.attribute,
    case deal_attributes.written_attribute
        when 'open_opportunities'
            then {{ as_text('coalesce(deal_counts.open_opportunities, 0)') }}
        when 'open_amount' then {{ as_text('coalesce(deal_counts.open_amount, 0)') }}
        when 'furthest_stage' then deal_counts.furthest_stage
        when 'lost_opportunities'
            then {{ as_text('coalesce(deal_counts.lost_opportunities, 0)') }}
        when 'days_since_lost' then {{ as_text('deal_counts.days_since_lost') }}
        when 'days_since_won' then {{ as_text('deal_counts.days_since_won') }}
    end as value
from leads
cross join deal_attributes
left join deal_counts
    on
    leads.as_of_date = deal_counts.as_of_date
    and leads.lead_no = deal_counts.lead_no
    and deal_attributes.product_key = deal_counts.product_key
union all
select
    leads.as_of_date,
    leads.lead_no,
    activity_attributes.attribute,
    {{ activity_measure('activity_attributes.measure', 'activity_measures') }} as value
from leads
inner join activity_attributes on leads.as_of_date = activity_attributes.as_of_date
left join activity_measures
    on
    leads.as_of_date = activity_measures.as_of_date
    and leads.lead_no = activity_measures.lead_no
    and activity_attributes.attribute_no = activity_measures.attribute_no
