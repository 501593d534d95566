{% macro rows_not_shown_whole(view, columns, table, condition='true') -%}
    {# For a test of a view that puts text to numbers: a row where it does not show each row of
       `table` that meets the condition exactly once, or shows one without a value in one of
       `columns`. Counts alone: keys are tested on the table, where it is cheap. #}
with

shown as (

    select
        count(*) as rows_shown,
        count(case when {{ columns | join(' is not null and ') }} is not null then 1 end)
            as rows_complete
    from {{ view }}

),

there as (

    select count(*) as rows_there
    from {{ table }}
    where {{ condition }}

)

select
    shown.rows_shown,
    shown.rows_complete,
    there.rows_there
from shown
cross join there
where shown.rows_shown <> there.rows_there or shown.rows_complete <> there.rows_there
{%- endmacro %}
