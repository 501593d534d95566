-- Each row of each table that is read is in one row here: in a raw table, or left out for a reason.
with

outcomes as (

    select
        'events' as vendor_table,
        case when left_out is null then 'web.events' end as table_name,
        coalesce(
            left_out, case when machine is not null then 'a machine''s, says Snowplow' end
        ) as reason
    from {{ ref('snowplow__events') }}
    {{ outcomes_of_details('snowplow', {
        'com_iab_snowplow_spiders_and_robots_1': ['web.events', 'tells whether it was a machine'],
    }) }}

)

{{ count_outcomes() }}
