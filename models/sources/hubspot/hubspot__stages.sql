with

stages as (

    {{ read_vendor_table('hubspot', 'deal_pipeline_stage', {
        'stage_id': 'text', 'label': 'text', 'probability': 'text', 'closed_won': 'boolean',
        'is_closed': 'boolean'
    }) }}

)

select
    stage_id,
    max(coalesce(label, stage_id)) as stage,
    max(cast({{ plain_number('probability') }} as decimal(9, 4))) as probability,
    max(case when coalesce(closed_won, false) then 1 else 0 end) = 1 as is_won,
    max(case
        when coalesce(is_closed, closed_won, false) or closed_won then 1
        else 0
    end) = 1 as is_closed
from stages
group by stage_id
