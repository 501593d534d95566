{# dbt's own ref and source without the name of the database: on DuckDB that is the name of the file,
   and a view that holds it cannot be read where the file is attached under another one. #}


{% macro ref() -%}
    {{ return(builtins.ref(*varargs, **kwargs).include(database=false)) }}
{%- endmacro %}


{% macro source() -%}
    {{ return(builtins.source(*varargs, **kwargs).include(database=false)) }}
{%- endmacro %}


{% macro find_relation(relation) -%}
    {# A table or view that is there, without the name of the database; none where it is not. #}
    {%- set found = load_relation(relation) -%}
    {{ return(found.include(database=false) if found else none) }}
{%- endmacro %}


{% macro can_be_read(relation) -%}
    {# Whether a macro can query a relation while it writes the SQL: not before its first run, nor in
       a unit test, where it is a part of the statement. #}
    {{ return(execute and relation.schema and load_relation(relation) is not none) }}
{%- endmacro %}
