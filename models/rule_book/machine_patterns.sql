-- depends_on: {{ ref('rule_book_problems') }}
with

machine_user_agents as (

    select * from {{ ref('machine_user_agents') }}

)

select
    trim(kind) as kind,
    trim(pattern) as pattern
from machine_user_agents
