with

rows_read as (

    {{ read_vendor_table('snowplow', 'events') }}

),

verdicts as (

    {{ read_vendor_table('snowplow', 'com_iab_snowplow_spiders_and_robots_1') }}

),

robots as (

    select distinct root_id
    from verdicts
    where spider_or_robot

),

events as (

    select
        event_id,
        {{ known_user('user_id') }} as user_id,
        coalesce(
            domain_userid,
            {{ text_after(
                'contexts_com_snowplowanalytics_snowplow_client_session_1', ['user_?[Ii]d']
            ) }},
            'user:' || {{ known_user('user_id') }}
        ) as visitor_id,
        -- An event of the old kind says what it is by its action.
        case
            when event = 'struct' or event_name = 'event' then coalesce(se_action, event_name)
            else coalesce(event_name, event)
        end as event_name,
        se_label,
        page_url,
        page_referrer,
        useragent,
        lower({{ text_after(
            'contexts_com_iab_snowplow_spiders_and_robots_1', ['spider_?[Oo]r_?[Rr]obot']
        ) }}) = 'true' as is_robot,
        {{ text_after('contexts_nl_basjes_yauaa_context_1', ['agent_?[Cc]lass']) }}
            as agent_class,
        coalesce(true_tstamp, derived_tstamp, collector_tstamp) as occurred_at,
        coalesce(load_tstamp, etl_tstamp, collector_tstamp) as loaded_at,
        _file_name
    from rows_read

)

select
    events.*,
    -- Snowplow's own verdict is said by a name that machine_user_agents.csv knows.
    case
        when events.is_robot or robots.root_id is not null
            then 'machine: spiders and robots, says Snowplow'
        when lower(events.agent_class) like 'robot%' or lower(events.agent_class) = 'hacker'
            then 'machine: ' || events.agent_class || ', says Snowplow'
    end as machine,
    case when events.visitor_id is null then 'names nobody' end as left_out
from events
left join robots on events.event_id = robots.root_id
