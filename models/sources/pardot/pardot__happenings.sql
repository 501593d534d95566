-- What prospects, visitors and mails did, by what source_words.csv says of each kind.
with

happenings as (

    {{ read_pardot('visitor_activity') }}

),

prospects as (

    {{ read_pardot('prospect') }}

),

visitors as (

    {{ read_pardot('visitor') }}

),

words as (

    select * from {{ ref('source_words') }}
    where vendor = 'pardot'

),

named as (

    select
        happenings.*,
        coalesce(happenings.prospect_id, visitors.prospect_id) as person_id
    from happenings
    left join visitors on happenings.visitor_id = visitors.id

)

select
    named.id,
    named.person_id,
    named.visitor_id,
    named.campaign_id,
    named.details,
    named.created_at,
    named.created_at__given,
    named._fivetran_synced,
    named._file_name,
    prospects.email,
    coalesce(exact.field, any_name.field, 'activity') as field,
    coalesce(
        exact.meaning,
        any_name.meaning,
        'type_' || named.type || coalesce('_' || replace(lower(named.type_name), ' ', '_'), '')
    ) as meaning,
    coalesce(exact.word, any_name.word) is null as is_unknown,
    case
        when coalesce(named._fivetran_deleted, false) then 'was deleted'
        when coalesce(exact.field, any_name.field) = 'deal' then 'tells of a deal'
        when coalesce(exact.field, any_name.field, 'activity') = 'activity'
            and named.person_id is null then 'names no prospect'
        when coalesce(exact.field, any_name.field) = 'email_event' and prospects.email is null
            then 'is of nobody whose address is known'
    end as left_out,
    'type ' || coalesce(named.type, 'none') || coalesce(' ' || named.type_name, '') as kind
from named
left join prospects on named.person_id = prospects.id
left join words as exact on named.type || ' ' || lower(named.type_name) = exact.word
left join words as any_name on named.type || ' *' = any_name.word
