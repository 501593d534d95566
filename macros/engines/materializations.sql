{# How a model becomes a table. DuckDB drops and creates in one transaction; Postgres' planner has to be
   told what a new table holds; Spark's tables are files that are written once. #}


{% materialization table, adapter='duckdb' -%}
    {# What dbt-duckdb's own materialization of this name makes of a SQL model, in one transaction
       and one round: DuckDB can drop and create a table in the same transaction, so that nothing
       needs to be built under another name, renamed twice and dropped after a second commit. Where
       the model fails, the table that was there stays. #}
    {%- set target = this.incorporate(type='table') -%}
    {{ replace_relation(target, create_table_as(False, target, compiled_code)) }}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}


{% materialization view, adapter='duckdb' -%}
    {# As for tables. #}
    {%- set target = this.incorporate(type='view') -%}
    {{ replace_relation(target, get_create_view_as_sql(target, sql)) }}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}


{% macro replace_relation(target, create_sql) -%}
    {# Drop what has the name of `target` and create it, with the hooks, indexes and comments of its
       model. #}
    {%- set existing = load_cached_relation(target) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        {%- if existing -%}
            {%- do adapter.cache_dropped(existing) %}
            drop {{ existing.type }} if exists {{ existing }};
        {%- endif %}
        {{ create_sql }}
    {%- endcall -%}
    {%- do create_indexes(target) -%}
    {%- do persist_docs(target, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
{%- endmacro %}


{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {# As dbt-postgres has it, and the planner knows at once what is in the table: a daemon would tell
       it a minute later. Its guesses at joins of joins are off by thousands, and as no table has an
       index, a nested loop is never what it should guess. To compile a query takes longer than it. #}
    set local enable_nestloop = off;
    set local jit = off;
    {{ dbt.postgres__create_table_as(temporary, relation, sql) }}
    analyze {{ relation }};
{%- endmacro %}


{% macro branch_of_union() -%}
    {# What a model becomes that is one of many branches of a union: a view, or a table where planning
       them all at once takes longer than they do. #}
    {{ return(adapter.dispatch('branch_of_union')()) }}
{%- endmacro %}

{% macro default__branch_of_union() -%}
    {{ return('view') }}
{%- endmacro %}

{% macro spark__branch_of_union() -%}
    {{ return('table') }}
{%- endmacro %}


{% macro delete_rows(relation, condition) -%}
    {# For a pre-hook of a model that is kept by days (partition_by): takes out the rows that meet the
       condition. #}
    {{ return(adapter.dispatch('delete_rows')(relation, condition)) }}
{%- endmacro %}

{% macro default__delete_rows(relation, condition) -%}
    delete from {{ relation }}
    where {{ condition }}
{%- endmacro %}

{% macro spark__delete_rows(relation, condition) -%}
    {#- Parquet files know no delete. A day that keeps rows is written anew with them; one that keeps
        none is dropped. -#}
    {%- set day = config.get('partition_by') -%}
    {%- set touched = 'select ' ~ day ~ ' from ' ~ relation ~ ' where ' ~ condition -%}
    {%- do run_query(
        'insert overwrite table ' ~ relation ~ ' partition (' ~ day ~ ') select * from ' ~ relation
        ~ ' where ' ~ day ~ ' in (' ~ touched ~ ') and not coalesce(' ~ condition ~ ', false)'
    ) -%}
    {%- set dropped = [] -%}
    {%- for row in run_query('select distinct ' ~ day ~ ' from (' ~ touched ~ ')').rows -%}
        {%- do dropped.append('partition (' ~ day ~ " = '" ~ row[0] ~ "')") -%}
    {%- endfor -%}
    {%- if dropped -%}
        {%- do run_query('alter table ' ~ relation ~ ' drop if exists ' ~ dropped | join(', ')) -%}
    {%- endif -%}
{%- endmacro %}


{% macro spark__persist_constraints(relation, model) -%}
    {# Parquet files hold nobody to a constraint; tests ask for what may not be null. #}
{%- endmacro %}


{% macro dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format) -%}
    {# dbt-spark's own one refuses delete+insert, for which it would need another kind of table. #}
    {{ return(raw_strategy) }}
{%- endmacro %}


{% macro dbt_spark_get_incremental_sql(strategy, source, target, existing, unique_key, incremental_predicates) -%}
    {# What is new of a model that grows, put into its Parquet files. They know no delete: where a row
       takes the place of one with its key, the table is written anew, by way of another, as no table
       can be read and overwritten at once. #}
    {%- if strategy == 'append' -%}
        {{ return(get_insert_into_sql(source, target)) }}
    {%- endif -%}
    {%- set whole = target.incorporate(path={'identifier': target.identifier ~ '__whole'}) -%}
    {%- do run_query('drop table if exists ' ~ whole) -%}
    {%- do run_query(
        'create table ' ~ whole ~ ' using parquet as select * from ' ~ source ~ ' union all select * from '
        ~ target ~ ' where ' ~ unique_key ~ ' not in (select ' ~ unique_key ~ ' from ' ~ source
        ~ ' where ' ~ unique_key ~ ' is not null)'
    ) -%}
    {%- do run_query('insert overwrite table ' ~ target ~ ' select * from ' ~ whole) -%}
    drop table {{ whole }}
{%- endmacro %}
