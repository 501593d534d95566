{# The rule book as seeds: how its rows are loaded, so that each is known by its row in the file. #}


{% macro row_number_in_file() -%}
    {# The row of a seed as a spreadsheet shows it: the header is row 1. #}
    {{ return(adapter.dispatch('row_number_in_file')()) }}
{%- endmacro %}

{% macro default__row_number_in_file() -%}
    1 + row_number() over ()
{%- endmacro %}

{% macro spark__row_number_in_file() -%}
    {#- All rows of a seed are in one file, in their order. -#}
    1 + row_number() over (order by monotonically_increasing_id())
{%- endmacro %}

{% macro postgres__row_number_in_file() -%}
    1 + row_number() over (order by ctid)
{%- endmacro %}

{% macro duckdb__row_number_in_file() -%}
    1 + row_number() over (order by rowid)
{%- endmacro %}


{% macro cells_of_seed(seed, columns) -%}
    {# The cells of a seed in long form: file_name, row_number, column_name, value; the header's cells
       are row 1. #}
    {{ return(adapter.dispatch('cells_of_seed')(seed, columns)) }}
{%- endmacro %}

{% macro default__cells_of_seed(seed, columns) -%}
    {%- for column in columns %}
    select '{{ seed.identifier }}' as file_name, 1 as row_number, '{{ column | lower }}' as column_name, '{{ column }}' as value
    union all
    select '{{ seed.identifier }}', {{ row_number_in_file() }}, '{{ column | lower }}', trim(cast({{ adapter.quote(column) }} as {{ dbt.type_string() }})) from {{ seed }}
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro spark__cells_of_seed(seed, columns) -%}
    {#- A column at a time would be a plan of hundreds of parts, which takes minutes. -#}
    {%- set heads = [] -%}
    {%- set cells = [] -%}
    {%- for column in columns -%}
        {%- do heads.append("named_struct('column_name', '" ~ column | lower ~ "', 'value', '" ~ column ~ "')") -%}
        {%- do cells.append(
            "named_struct('column_name', '" ~ column | lower ~ "', 'value', trim(cast(" ~ adapter.quote(column) ~ " as string)))"
        ) -%}
    {%- endfor %}
    select '{{ seed.identifier }}' as file_name, 1 as row_number, inline(array({{ heads | join(', ') }})) as (column_name, value)
    union all
    select '{{ seed.identifier }}', row_number, inline(cells) as (column_name, value)
    from (select {{ row_number_in_file() }} as row_number, array({{ cells | join(', ') }}) as cells from {{ seed }})
{%- endmacro %}


{% macro rules_sha256() -%}
    {# The rule book of this run of dbt (LEADS_RULES): SHA-256 over its files, as a publication's
       manifest has it; null where nobody has told the engine. #}
    {{ return(adapter.dispatch('rules_sha256')()) }}
{%- endmacro %}

{% macro default__rules_sha256() -%}
    {# Told by orchestration/lib/built/dbt_command.py. #}
    cast(nullif('{{ env_var("DBT_RULES_SHA256", "") }}', '') as {{ dbt.type_string() }})
{%- endmacro %}

{% macro duckdb__rules_sha256() -%}
    {# Set by orchestration/lib/built/dbt_writer.py. #}
    cast(getvariable('rules_sha256') as {{ dbt.type_string() }})
{%- endmacro %}


{% macro duckdb__load_csv_rows(model, agate_table) -%}
    {# The rows as dbt's CSV reader has them, a column at a time. dbt-duckdb's own macro of this name
       has the engine guess at the file, or hands over a parameter per cell, which takes two
       seconds longer for the lists of mail domains. #}
    {%- set columns = [] -%}
    {%- set values = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- do columns.append('unnest(' ~ get_binding_char() ~ ')') -%}
        {%- do values.append(agate_table.columns[name].values() | list) -%}
    {%- endfor -%}
    {%- set sql -%}
        insert into {{ this.render() }} ({{ get_seed_column_quoted_csv(model, agate_table.column_names) }})
        select {{ columns | join(', ') }}
    {%- endset -%}
    {%- do adapter.add_query(sql, bindings=values, abridge_sql_log=True) -%}
    {{ return(sql) }}
{%- endmacro %}

{% macro postgres__load_csv_rows(model, agate_table) -%}
    {# A column at a time as well, and as a new table: rows of one lie in the order in which they came,
       while what is inserted goes wherever there is room. #}
    {%- set types = {} -%}
    {%- for column in adapter.get_columns_in_relation(this) -%}
        {%- do types.update({column.name | lower: column.data_type}) -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- set values = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- do columns.append(
            'cast(unnest(cast(' ~ get_binding_char() ~ ' as text[])) as ' ~ types[name | lower] ~ ') as '
            ~ adapter.quote_seed_column(name, model['config'].get('quote_columns', none))
        ) -%}
        {%- do values.append(agate_table.columns[name].values() | list) -%}
    {%- endfor -%}
    {%- do adapter.add_query('drop table ' ~ this.render()) -%}
    {%- set sql -%}
        create table {{ this.render() }} as select {{ columns | join(', ') }}
    {%- endset -%}
    {%- do adapter.add_query(sql, bindings=values, abridge_sql_log=True) -%}
    {{ return(sql) }}
{%- endmacro %}

{% macro spark__load_csv_rows(model, agate_table) -%}
    {# As one text that the engine takes apart, into one file: rows lie in it in their order. #}
    {%- set columns = [] -%}
    {%- set fields = [] -%}
    {%- for column in adapter.get_columns_in_relation(this) -%}
        {%- do columns.append('cast(' ~ column.quoted ~ ' as ' ~ column.data_type ~ ')') -%}
        {%- do fields.append(column.quoted ~ ': string') -%}
    {%- endfor -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- set cells = {} -%}
        {%- for name, value in row.items() if value is not none -%}
            {%- do cells.update({name: value | string}) -%}
        {%- endfor -%}
        {%- do rows.append(cells) -%}
    {%- endfor -%}
    {%- set sql -%}
        insert into {{ this.render() }}
        select /*+ coalesce(1) */ {{ columns | join(', ') }}
        from (select inline(from_json({{ quote_text(tojson(rows)) }}, 'array<struct<{{ fields | join(', ') }}>>')))
    {%- endset -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{ return(sql) }}
{%- endmacro %}


{% macro spark__create_csv_table(model, agate_table) -%}
    {# As dbt has it for other engines, with the names that Spark has for their types. #}
    {%- set given = model['config'].get('column_types', {}) -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set type = given.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
        {%- do columns.append(
            adapter.quote_seed_column(name, model['config'].get('quote_columns', none)) ~ ' ' ~ type_here(type)
        ) -%}
    {%- endfor -%}
    {%- set sql -%}
        create table {{ this.render() }} ({{ columns | join(', ') }}) using parquet
    {%- endset -%}
    {%- call statement('_') -%}{{ sql }}{%- endcall -%}
    {{ return(sql) }}
{%- endmacro %}


{% macro type_here(type) -%}
    {# A type of a contract or a seed as Spark calls it. #}
    {{ return({
        'varchar': 'string', 'text': 'string', 'decimal': 'decimal(18, 3)', 'timestamptz': 'timestamp'
    }.get(type | lower, type)) }}
{%- endmacro %}


{% macro spark__get_empty_schema_sql(columns) -%}
    {# What a contract is held against: as dbt has it, with the names that Spark has for types. #}
    {%- set empty = {} -%}
    {%- for name, column in columns.items() -%}
        {%- do empty.update({name: dict(column, data_type=type_here(column['data_type']))}) -%}
    {%- endfor -%}
    {{ return(dbt.default__get_empty_schema_sql(empty)) }}
{%- endmacro %}
