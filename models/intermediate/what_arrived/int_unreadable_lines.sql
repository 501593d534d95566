with

unreadable_lines as (

    {{ stack_unreadable_lines() }}

)

select * from unreadable_lines
