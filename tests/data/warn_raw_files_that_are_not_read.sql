{{ config(severity='warn') }}
-- A failing row is a file under LEADS_RAW that matches no raw table, or is neither CSV nor Parquet:
-- whoever delivers it must give it the name that the contract knows, or take it away.
{{ say_warnings(ref('int_raw_files')) }}
select
    file_name,
    warning
from {{ ref('int_raw_files') }}
where warning is not null
