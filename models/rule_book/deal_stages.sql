-- depends_on: {{ ref('rule_book_problems') }}
with

stage_confidence as (

    select * from {{ ref('stage_confidence') }}

)

select
    lower(trim(stage)) as stage,
    {{ read_number('confidence_pct') }} as confidence_pct
from stage_confidence
