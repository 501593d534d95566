{{ config(severity='warn') }}
-- Feeds that have not loaded for longer than feeds.csv allows: their activities stop fading.
select
    as_of_date,
    table_name,
    last_loaded_on
from {{ ref('int_feeds') }}
where is_stale
