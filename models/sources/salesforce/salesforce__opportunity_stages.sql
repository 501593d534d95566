with

versions as (

    select * from {{ ref('salesforce__opportunity_versions') }}

),

deals as (

    select * from {{ ref('salesforce__deals') }}

),

-- Of versions what counts is when one stage became another.
compared as (

    select
        *,
        lag(stage_name) over (partition by id order by updated_at, loaded_at) as stage_before
    from versions

)

select
    {{ vendor_key('salesforce', 'compared.id') }} as opportunity_id,
    compared.stage_name as stage,
    compared.updated_at as entered_at,
    compared.loaded_at as _loaded_at,
    compared._file_name
from compared
left join deals on compared.id = deals.id
where deals.left_out is null
and compared.stage_name is not null
and compared.stage_name is distinct from compared.stage_before
