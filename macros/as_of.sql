{% macro as_of_dates() -%}
    {# The days the scores speak for, as a list of texts: LEADS_AS_OF, which is a day, several
       (`2026-06-01,2026-06-15`) or a range (`2026-06-01..2026-06-30`); without it today (UTC), or
       the last day of the generated sample where that is what is scored. The only "today" there
       is. #}
    {%- set as_of = env_var('LEADS_AS_OF', '') -%}
    {%- if not as_of and is_sample() -%}
        {%- set as_of = var('sample_last_day') -%}
    {%- elif not as_of -%}
        {%- set as_of = run_started_at.strftime('%Y-%m-%d') -%}
    {%- endif -%}
    {%- set days = [] -%}
    {%- for part in as_of.split(',') -%}
        {%- set ends = part.strip().split('..') -%}
        {%- for end in ends -%}
            {%- if not modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', end)
                or ends | length > 2 -%}
                {%- do exceptions.raise_compiler_error(
                    "LEADS_AS_OF is '" ~ as_of ~ "', which is not a day: write it as 2026-06-30, or "
                    ~ "several as 2026-06-01,2026-06-15 or 2026-06-01..2026-06-30."
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {#- As orchestration/lib/basics/settings.py has it. -#}
        {%- set latest = (run_started_at + modules.datetime.timedelta(days=366)).strftime('%Y-%m-%d') -%}
        {%- if ends[0] < '1970-01-01' or ends[-1] > latest -%}
            {%- do exceptions.raise_compiler_error(
                "LEADS_AS_OF is '" ~ as_of ~ "', which cannot be scored: the days from 1970-01-01 to "
                ~ latest ~ ", a year from today, can be."
            ) -%}
        {%- endif -%}
        {%- set first = modules.datetime.date.fromisoformat(ends[0]) -%}
        {%- set last = modules.datetime.date.fromisoformat(ends[-1]) -%}
        {%- for day in range((last - first).days + 1) -%}
            {%- do days.append((first + modules.datetime.timedelta(days=day)).isoformat()) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(days | unique | sort | list) }}
{%- endmacro %}


{% macro stack_as_of_dates() -%}
    {# The days as rows: as_of_date, known_until. Rows that loaded later than known_until do not
       count: where LEADS_KNOWN is `then`, that is the as-of date; where it is `now`, never. #}
    {%- set known = env_var('LEADS_KNOWN', '') or 'now' -%}
    {%- if known not in ['now', 'then'] -%}
        {%- do exceptions.raise_compiler_error(
            "LEADS_KNOWN is '" ~ known ~ "': write `now` for every row that has loaded by now, or "
            ~ "`then` for those only that had loaded by the as-of date."
        ) -%}
    {%- endif -%}
    {%- for day in as_of_dates() %}
    select
        {{ date_literal(day) }} as as_of_date,
        {{ date_literal(day) if known == 'then' else far_future() }} as known_until
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro is_known_by(row, as_of) -%}
    {# Whether a row with a _loaded_at counts for an as-of date. #}
    cast({{ row }}._loaded_at as date) <= {{ as_of }}.known_until
{%- endmacro %}


{% macro date_literal(day) -%}
    cast('{{ day }}' as date)
{%- endmacro %}


{% macro far_future() -%}
    {# The last day there is; no event and no load comes so late. #}
    {{ date_literal('9999-12-31') }}
{%- endmacro %}


{% macro unreadable_day() -%}
    {# The day of event rows whose time cannot be read: one that no real event has. #}
    {{ far_future() }}
{%- endmacro %}


{% macro is_valid_on(row, day) -%}
    {# A dated row counts from valid_from on and before valid_to (empty: without end). #}
    {{ row }}.valid_from <= {{ day }} and ({{ row }}.valid_to is null or {{ day }} < {{ row }}.valid_to)
{%- endmacro %}


{% macro last_possible_load() -%}
    {# The last day on which anything can have loaded: tomorrow by the run's clock (clocks differ by
       a day at most), or the last day that is scored where the clock is behind it. What says that
       it loaded later says nothing of whether a feed is alive. #}
    {%- set today = run_started_at.strftime('%Y-%m-%d') -%}
    {%- set last = modules.datetime.date.fromisoformat([today, as_of_dates()[-1]] | max) -%}
    {{ date_literal(last + modules.datetime.timedelta(days=1)) }}
{%- endmacro %}
