with

raw_files as (

    {{ stack_raw_files() }}

)

select * from raw_files
