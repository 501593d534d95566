{# Reading the rule book: seeds whose every cell is text. #}


{% macro stack_cells(seeds) -%}
    {# The cells of several seeds in long form: file_name, row_number, column_name, value; the
       header's cells are row 1. Where a row of a list comes from (source) is judged by nobody and
       would double the cells. #}
    {%- for seed in seeds -%}
        {%- set columns = [] -%}
        {%- for column in (adapter.get_columns_in_relation(seed) if execute else [])
            if column.name | lower != 'source' -%}
            {%- do columns.append(column.name) -%}
        {%- endfor -%}
        {{ cells_of_seed(seed, columns) if columns }}
        {{ 'union all' if columns and not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro optional_seeds() -%}
    {# The files that a rule book may lack. #}
    {{ return([
        ref('stages'), ref('stage_confidence'), ref('recycling'), ref('feeds'),
        ref('score_limits'), ref('model_minimums'), ref('account_rollup'), ref('score_parts'),
        ref('conditions'), ref('activity_attributes'), ref('suppressions'), ref('outcomes'),
        ref('targets'), ref('gate'), ref('write_back')
    ]) }}
{%- endmacro %}


{% macro list_stand_ins() -%}
    {# The names of the files that the rule book lacks, so that shipped ones stand in for them
       (seeds/shipped), as a list for `in`. #}
    {%- set names = [] -%}
    {%- for seed in optional_seeds() if seed.schema == 'shipped_rules' -%}
        {%- do names.append(dbt.string_literal(seed.identifier)) -%}
    {%- endfor -%}
    {{ return('(' ~ (names or ["''"]) | join(', ') ~ ')') }}
{%- endmacro %}


{% macro demand_fresh_reading() -%}
    {# Stops a run where the folder of the rule book has a file that dbt has not noticed, because it
       keeps what it has read: tables would be made from the shipped file in its place. #}
    {%- set missed = [] -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' -%}
        {%- for seed in node.depends_on.nodes
            if seed.startswith('seed.shipped_rules.')
            and seed | replace('shipped_rules', project_name) in graph.nodes -%}
            {%- do missed.append(seed.split('.')[-1] ~ '.csv') -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if missed -%}
        {%- do exceptions.raise_compiler_error(
            'The rule book has got ' ~ missed | unique | sort | join(', ')
            ~ ', and dbt still reads what it has kept of the folder as it was: run it once with '
            ~ '--no-partial-parse.'
        ) -%}
    {%- endif -%}
{%- endmacro %}


{% macro dimension_of_file(file_name) -%}
    {# The dimension that a file of rules gives points to. #}
    case
        when {{ file_name }} in ('rules_behavioral', 'rules_sequence') then 'behavioral'
        else replace({{ file_name }}, 'rules_', '')
    end
{%- endmacro %}


{% macro problem_rows(rows, column, condition, problem, value=none) -%}
    {# The rows of the rule book that meet a condition, with what is wrong in a column of theirs: a
       text, or one that is null where nothing is. `value` is what to show, if not the column. #}
    select
        {{ rows }}.file_name,
        {{ rows }}.row_number,
        '{{ column }}' as column_name,
        {{ value or rows ~ '.' ~ column }} as value,
        {{ problem }} as problem
    from {{ rows }}
    where {{ condition }}
{%- endmacro %}


{% macro stop_on_problems(problems) -%}
    {# Stops the run, before any scoring, with one sentence per problem of the rule book. #}
    {%- if execute -%}
        {%- set found = run_query('select sentence from ' ~ problems ~ ' order by file_name, row_number, column_name') -%}
        {%- if found.rows | length > 0 -%}
            {%- do exceptions.raise_compiler_error(
                "The rule book cannot work (" ~ found.rows | length ~ " problem(s) found):\n- "
                ~ (found.columns[0].values()[:50] | join('\n- '))
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro optional_text(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}
