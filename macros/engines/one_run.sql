{# One run at a time. A DuckDB file is held by the plugin that dbt-duckdb loads (dbt_writer.py). On
   Postgres dbt has a session per table and none that lasts, so that no lock does: who begins holds
   the lock of `leads run` (postgres.py) until no session of another dbt has been seen for a while. #}


{% macro wait_for_other_runs() -%}
    {# Before anything is written: waits until nobody else works in the database, and stops with a
       sentence where that takes longer than the var wait_for_run_seconds. #}
    {{ return(adapter.dispatch('wait_for_other_runs')()) }}
{%- endmacro %}

{% macro default__wait_for_other_runs() -%}
{%- endmacro %}

{% macro postgres__wait_for_other_runs() -%}
    {#- `leads` has waited for its dbt, and holds the lock meanwhile. -#}
    {%- if execute and not env_var('DBT_WAREHOUSE_IS_HELD', '') -%}
        {%- do run_query(create_waiting_function()) -%}
        {%- if not run_query('select pg_temp.wait_for_others(2)').rows[0][0] -%}
            {%- do log('Waiting for another run in the database ' ~ target.dbname ~ '.', info=true) -%}
            {%- set limit = var('wait_for_run_seconds') -%}
            {%- if not run_query('select pg_temp.wait_for_others(' ~ limit ~ ')').rows[0][0] -%}
                {%- do exceptions.raise_compiler_error(
                    'Another run is at work in the database ' ~ target.dbname ~ ' and has not ended '
                    ~ 'within ' ~ limit ~ ' seconds. Let it end, then run again.'
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro create_waiting_function() -%}
    {# True once the lock is had and no other dbt is seen for a second: between two tables it has no
       session for some milliseconds. Who waits is no run at work, and says so by its name. #}
    create or replace function pg_temp.wait_for_others(seconds double precision)
    returns boolean language plpgsql as $function$
    declare
        ends timestamptz := clock_timestamp() + seconds * interval '1 second';
        seen timestamptz := clock_timestamp();
        is_mine boolean := false;
    begin
        perform set_config('application_name', '{{ dbt_session() }} waits', false);
        loop
            is_mine := is_mine or pg_try_advisory_lock(7310584222519);
            perform pg_stat_clear_snapshot();
            if not is_mine or exists (
                select from pg_stat_activity
                where datname = current_database() and application_name = '{{ dbt_session() }}'
            ) then
                seen := clock_timestamp();
            end if;
            exit when clock_timestamp() > seen + interval '1 second' or clock_timestamp() > ends;
            perform pg_sleep(0.02);
        end loop;
        if clock_timestamp() > seen + interval '1 second' then
            perform set_config('application_name', '{{ dbt_session() }}', false);
            return true;
        end if;
        if is_mine then
            perform pg_advisory_unlock(7310584222519);
        end if;
        return false;
    end $function$
{%- endmacro %}


{% macro dbt_session() -%}
    {# What profiles.yml calls the sessions of dbt. #}
    {{- return('leads dbt') -}}
{%- endmacro %}
