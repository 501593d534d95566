-- depends_on: {{ ref('rule_book_problems') }}
with

stages as (

    select * from {{ ref('stages') }}

)

select
    trim(stage) as stage,
    cast({{ read_number('position') }} as {{ dbt.type_bigint() }}) as position,
    trim(owner) as owner,
    trim(reached_by) as reached_by,
    trim(description) as description
from stages
union all
-- Leads in none of the stages are not lost: they stand before the first one.
select
    'no stage' as stage,
    0 as position,
    'marketing' as owner,
    'score' as reached_by,
    'Scored, but in no tier, or in one whose stage is not in stages.csv' as description
