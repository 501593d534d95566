with

stages as (

    {{ read_vendor_table('hubspot', 'deal_pipeline_stage') }}

)

select
    stage_id,
    max(coalesce(label, stage_id)) as stage,
    max(cast({{ plain_number('probability') }} as decimal(9, 4))) as probability,
    max(case when closed_won then 1 else 0 end) = 1 as is_won,
    max(case when closed_won or is_closed then 1 else 0 end) = 1 as is_closed
from stages
group by stage_id
