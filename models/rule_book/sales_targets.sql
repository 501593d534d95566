-- depends_on: {{ ref('rule_book_problems') }}
with

targets as (

    select * from {{ ref('rule_book_rows') }}
    where file_name = 'targets'

)

select
    {{ read_date('month') }} as month,
    coalesce(nullif(lower(product), ''), 'all products') as product,
    cast({{ read_number('amount') }} as decimal(18, 2)) as target
from targets
