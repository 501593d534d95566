-- depends_on: {{ ref('rule_book_problems') }}
with

stacked as (

    select
        'feeds' as file_name,
        coalesce(trim(table_name), '') as table_name,
        trim(measure) as measure,
        trim(verdict) as verdict,
        falls_to,
        rises_to,
        null as moves_by,
        at_least,
        at_most,
        from_rows
    from {{ ref('feeds') }}
    union all
    select
        'score_limits' as file_name,
        '' as table_name,
        trim(measure) as measure,
        trim(verdict) as verdict,
        falls_to,
        rises_to,
        moves_by,
        null as at_least,
        at_most,
        from_leads as from_rows
    from {{ ref('score_limits') }}

)

select
    file_name,
    table_name,
    measure,
    verdict,
    cast({{ read_number('falls_to') }} as {{ type_double() }}) as falls_to,
    cast({{ read_number('rises_to') }} as {{ type_double() }}) as rises_to,
    cast({{ read_number('moves_by') }} as {{ type_double() }}) as moves_by,
    cast({{ read_number('at_least') }} as {{ type_double() }}) as at_least,
    cast({{ read_number('at_most') }} as {{ type_double() }}) as at_most,
    cast(coalesce({{ read_number('from_rows') }}, 0) as {{ type_double() }}) as from_rows
from stacked
