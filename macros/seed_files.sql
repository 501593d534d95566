{% macro noop_statement(name=None, message=None, code=None, rows_affected=None, res=None) -%}
    {# What dbt's own macro of this name does for a seed, without writing down the SQL that ran.

       dbt writes it to target/run/<project>/<path of the seed>. Where LEADS_RULES is an absolute
       path, that is the CSV file itself, and the rule book would be overwritten with SQL
       (dbt-core 1.12.6, ParsedNode.get_target_write_path). #}
    {%- do caller() -%}
    {%- if name is not none -%}
        {%- do store_raw_result(
            name, message=message, code=code, rows_affected=rows_affected, agate_table=res
        ) -%}
    {%- endif -%}
{%- endmacro %}


{% macro load_csv_rows(model, agate_table) -%}
    {# What dbt's own macro of this name does for a seed, without the blank rows that spreadsheets
       leave at the end of a file. Blank rows between others stay: rows keep their numbers. #}
    {%- set filled = namespace(rows=0) -%}
    {%- for row in agate_table.rows -%}
        {%- if row.values() | map('default', '', true) | map('trim') | join -%}
            {%- set filled.rows = loop.index -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(adapter.dispatch('load_csv_rows', 'dbt')(model, agate_table.limit(filled.rows))) }}
{%- endmacro %}
