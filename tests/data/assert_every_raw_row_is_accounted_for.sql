{{ config(meta={'dagster': {'ref': {'name': 'quarantine'}}}) }}
-- A failing row is a raw table of which rows vanished between reading and staging: the
-- developer who changed macros/raw_tables.sql or the table's staging model must look.
with

quarantined as (

    select
        table_name,
        count(*) as rows_quarantined
    from {{ ref('quarantine') }}
    group by table_name

)

select
    raw_row_counts.*,
    coalesce(quarantined.rows_quarantined, 0) as rows_quarantined
from {{ ref('raw_row_counts') }} as raw_row_counts
left join quarantined on raw_row_counts.table_name = quarantined.table_name
where
    raw_row_counts.rows_read
    <> raw_row_counts.rows_staged
    + raw_row_counts.rows_duplicate
    + coalesce(quarantined.rows_quarantined, 0)
