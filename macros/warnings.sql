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


{% macro say_failures(results) -%}
    {# Has a plain dbt say at its end what the tests that failed mean, which stands in the comment that
       each begins with; dbt itself counts rows. #}
    {%- for result in results
        if result.node.resource_type | string == 'test' and result.status | string == 'fail' -%}
        {%- set words = [] -%}
        {%- set comment = namespace(goes_on=true) -%}
        {%- for line in (result.node.compiled_code or '').strip().split('\n') -%}
            {%- set comment.goes_on = comment.goes_on and line.startswith('-- ') -%}
            {%- if comment.goes_on -%}
                {%- do words.append(line[3:]) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do log(
            'The test ' ~ result.node.name ~ ' fails with ' ~ result.failures ~ ' row(s). '
            ~ (words or [result.node.description]) | join(' '), info=true
        ) -%}
    {%- endfor -%}
{%- endmacro %}
