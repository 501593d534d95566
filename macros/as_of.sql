{% macro as_of_date() -%}
    {# The day the scores speak for, as a SQL date: LEADS_AS_OF; without it today (UTC), or the
       last day of the generated sample where that is what is scored. The only "today" there is. #}
    {%- set as_of = env_var('LEADS_AS_OF', '') -%}
    {%- if not as_of and raw_root() == 'samples/raw' -%}
        {%- set as_of = var('sample_last_day') -%}
    {%- elif not as_of -%}
        {%- set as_of = run_started_at.strftime('%Y-%m-%d') -%}
    {%- endif -%}
    {%- if not modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', as_of) -%}
        {%- do exceptions.raise_compiler_error(
            "LEADS_AS_OF is '" ~ as_of ~ "', which is not a day: write it as 2026-06-30."
        ) -%}
    {%- endif -%}
    cast('{{ as_of }}' as date)
{%- endmacro %}


{% macro is_valid_on(row, day) -%}
    {# A dated row counts from valid_from on and before valid_to (empty: without end). #}
    {{ row }}.valid_from <= {{ day }} and ({{ row }}.valid_to is null or {{ day }} < {{ row }}.valid_to)
{%- endmacro %}
