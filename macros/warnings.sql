{% macro say_warnings(relation) -%}
    {# Has dbt say each sentence in the column `warning` of a relation; for a test that warns, so that
       its log says what is wrong and not only how many rows are. #}
    {%- if execute and load_relation(relation) -%}
        {%- set found = run_query(
            'select warning from ' ~ relation ~ ' where warning is not null order by warning'
        ) -%}
        {%- for warning in found.columns[0].values() -%}
            {%- do exceptions.warn(warning) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
