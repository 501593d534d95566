with

events as (

    {{ read_marketo_activities() }}

),

programs as (

    {{ read_vendor_table('marketo', 'program') }}

),

people as (

    select * from {{ ref('marketo__people') }}

),

channels as (

    select
        id,
        max(channel) as channel
    from programs
    group by id

),

words as (

    select * from {{ ref('source_words') }}
    where vendor = 'marketo'

),

detailed as (

    select
        events.*,
        coalesce(people.person_id, events.lead_id) as person_id,
        people.email as person_email,
        case
            when events.field = 'email_event' then events.category
            when events.new_status is not null
                then lower(coalesce(channels.channel, '') || ' ' || events.new_status)
        end as detail
    from events
    left join people on events.lead_id = people.id
    left join channels on events.primary_attribute_value_id = channels.id

)

select
    detailed.*,
    -- A kind that nobody has listed passes under its own name.
    coalesce(
        words_in_full.meaning, words.meaning, replace(detailed.vendor_table, 'activity_', '')
    ) as meaning,
    case
        when detailed.kind = '6' and lower(detailed.action_result) in ('skipped', 'failed')
            then 'was not sent: ' || lower(detailed.action_result)
        when detailed.lead_id is null then 'names no lead'
    end as left_out
from detailed
left join words on detailed.field = words.field and detailed.kind = words.word
left join words as words_in_full
    on
    detailed.field = words_in_full.field
    and detailed.kind || ' ' || detailed.detail = words_in_full.word
