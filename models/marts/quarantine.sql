with

quarantined_rows as (

    select * from {{ ref('int_quarantined_rows') }}

),

masked as (

    select
        table_name,
        file_name,
        line_number,
        {{ mask_key('row_key') }} || coalesce(' ' || {{ mask_key('row_key_part') }}, '')
            as row_key,
        column_name,
        {{ mask('value') }} as masked_value,
        reason,
        first_seen_at
    from quarantined_rows

)

select * from masked
