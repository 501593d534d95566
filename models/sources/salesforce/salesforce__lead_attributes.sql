with

{{ custom_field_values() }},

people as (

    select * from {{ ref('salesforce__people') }}

),

-- What a field was before its first change it was from the beginning.
known_values as (

    select
        id,
        attribute,
        value,
        updated_at,
        _fivetran_synced,
        _file_name
    from told
    union all
    select
        told.id,
        told.attribute,
        told.old_value as value,
        records.created_date as updated_at,
        told._fivetran_synced,
        told._file_name
    from (
        select
            *,
            row_number() over (partition by id, attribute order by updated_at) as place
        from told
        where is_change
    ) as told
    inner join records on told.id = records.id
    where told.place = 1 and records.created_date < told.updated_at

),

-- A row repeats what its fields were; what counts is when one became another.
compared as (

    select
        *,
        lag(value) over (
            partition by id, attribute order by updated_at, _fivetran_synced, value
        ) as value_before
    from known_values

)

select
    {{ vendor_key('salesforce', 'coalesce(people.own_id, compared.id)') }} as lead_id,
    compared.attribute,
    compared.value,
    compared.updated_at,
    {{ later_of('compared._fivetran_synced', 'compared.updated_at') }} as _loaded_at,
    compared._file_name
from compared
left join people on compared.id = people.record_id
where compared.value is distinct from compared.value_before
