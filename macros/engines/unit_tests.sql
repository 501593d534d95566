{# dbt compares what a unit test gives and expects as it is printed; Postgres prints a decimal with the
   zeros of its type (60.0000), and what is expected without. #}


{% macro postgres__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
    {# As dbt has it, of decimals without zeros at their ends. #}
    create or replace function pg_temp.as_printed(value anyelement) returns text
    language sql immutable as $function$
        select case
            when pg_typeof(value) = cast('numeric' as regtype)
                then cast(trim_scale(cast(cast(value as text) as numeric)) as text)
            else cast(value as text)
        end
    $function$;
    {% for side, sql in [('actual', main_sql), ('expected', expected_fixture_sql)] %}
    select
        {%- for name in expected_column_names %}
        pg_temp.as_printed({{ name }}) as {{ name }},
        {%- endfor %}
        '{{ side }}' as actual_or_expected
    from (
        {{ sql }}
    ) as {{ side }}_rows
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}
