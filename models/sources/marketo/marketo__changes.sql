{{ config(materialized='table') }}

with

changes as (

    {{ read_vendor_table('marketo', 'activity_change_data_value') }}

),

fields as (

    {{ read_vendor_table('marketo', 'lead_describe') }}

),

leads as (

    {{ read_vendor_table('marketo', 'lead') }}

),

words as (

    select
        word,
        meaning
    from {{ ref('source_words') }}
    where vendor = 'marketo' and field = 'lead_field'

),

fields_by_id as (

    select
        id,
        max(restname) as restname
    from fields
    group by id

),

-- What two fields are shown by is neither's.
fields_by_name as (

    select
        display_name,
        min(restname) as restname
    from fields
    group by display_name
    having min(restname) = max(restname)

),

named as (

    select
        changes.*,
        coalesce(
            {{ bare_name('fields_by_id.restname') }},
            {{ bare_name('fields_by_name.restname') }},
            words.meaning,
            {{ bare_name('changes.primary_attribute_value') }}
        ) as name
    from changes
    left join fields_by_id on changes.primary_attribute_value_id = fields_by_id.id
    left join fields_by_name on changes.primary_attribute_value = fields_by_name.display_name
    left join words on {{ bare_name('changes.primary_attribute_value') }} = words.word

),

-- Of changes at one time the last one holds: ids count up.
ranked as (

    select
        *,
        row_number() over (
            partition by lead_id, name, activity_date
            order by length(id) desc, id desc
        ) as place_at_time,
        row_number() over (
            partition by lead_id, name
            order by
                case when activity_date is null then 1 else 0 end, activity_date, length(id), id
        ) as place
    from named

)

select
    lead_id,
    name,
    new_value as value,
    activity_date as timestamp,
    coalesce(_fivetran_synced, activity_date) as _fivetran_synced,
    _file_name,
    place_at_time = 1 as is_last,
    true as is_change
from ranked
union all
-- Before its first change a field was what that change says it had been.
select
    ranked.lead_id,
    ranked.name,
    ranked.old_value as value,
    leads.created_at as timestamp,
    coalesce(ranked._fivetran_synced, ranked.activity_date) as _fivetran_synced,
    ranked._file_name,
    true as is_last,
    false as is_change
from ranked
inner join leads on ranked.lead_id = leads.id
where ranked.place = 1 and leads.created_at < ranked.activity_date
