with

entries as (

    {{ read_vendor_table('hubspot', 'deal_stage') }}

),

changes as (

    {{ read_vendor_table('hubspot', 'deal_property_history') }}

),

deals as (

    select * from {{ ref('hubspot__deals') }}

),

stages as (

    select * from {{ ref('hubspot__stages') }}

),

-- The same is told twice: by the table of stages, or else by the history of the property.
known_entries as (

    select
        deal_id,
        value as stage_id,
        date_entered__given as entered_at,
        coalesce(_fivetran_synced, date_entered) as loaded_at,
        _file_name
    from entries
    union all
    select
        changes.deal_id,
        changes.value as stage_id,
        changes.timestamp__given as entered_at,
        coalesce(changes._fivetran_synced, changes.timestamp) as loaded_at,
        changes._file_name
    from changes
    left join entries on changes.deal_id = entries.deal_id
    where changes.name = 'dealstage' and entries.deal_id is null

)

select
    {{ vendor_key('hubspot', 'known_entries.deal_id') }} as opportunity_id,
    coalesce(stages.stage, known_entries.stage_id) as stage,
    known_entries.entered_at,
    known_entries.loaded_at as _loaded_at,
    known_entries._file_name
from known_entries
left join stages on known_entries.stage_id = stages.stage_id
left join deals on known_entries.deal_id = deals.deal_id
where deals.left_out is null
