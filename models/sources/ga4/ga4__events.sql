with

rows_read as (

    {{ read_vendor_table('ga4', 'event') }}

),

events as (

    select
        _fivetran_id,
        coalesce(name, event_name) as event_name,
        coalesce(date, event_date) as event_day,
        coalesce(bundle_sequence_id, event_bundle_sequence_id) as bundle_sequence_id,
        batch_event_index,
        stream_id,
        user_pseudo_id,
        {{ known_user('user_id') }} as user_id,
        coalesce(
            param_page_location,
            {{ ga4_param('page_location') }},
            'https://' || event_dimensions_hostname
        ) as url,
        coalesce(param_page_referrer, {{ ga4_param('page_referrer') }}) as referrer,
        coalesce(param_search_term, {{ ga4_param('search_term') }}) as search_term,
        {{ first_column('ga4', 'event', ['timestamp', 'event_timestamp']) }} as event_time,
        {{ first_column('ga4', 'event', ['timestamp', 'event_timestamp']) }}__given as occurred_at,
        _fivetran_synced,
        -- BigQuery's own export says it by the name of the table.
        coalesce(is_intraday, false)
        or coalesce(_file_name like '%events_intraday_%', false) as is_intraday,
        _file_name
    from rows_read

),

-- The table of the day so far goes as the final one comes: never both, whichever copy still has it.
final_days as (

    select distinct event_day
    from events
    where not is_intraday

)

select
    events.*,
    case
        when events.user_pseudo_id is null and events.user_id is null
            then 'names nobody: without consent GA4 keeps no id'
        when events.is_intraday and final_days.event_day is not null
            then 'of the day so far: the final rows of the day are there'
    end as left_out
from events
left join final_days on events.event_day = final_days.event_day
