{# What a database must be like for the scores to be those of DuckDB, which compares texts by their
   code points, puts every letter of Unicode into lower case, and writes days as 2026-06-30. #}


{% macro check_engine() -%}
    {# Stops the run with a sentence where it is not so. #}
    {{ return(adapter.dispatch('check_engine')()) }}
{%- endmacro %}

{% macro default__check_engine() -%}
{%- endmacro %}

{% macro postgres__check_engine() -%}
    {%- if execute -%}
        {%- set found = run_query("
            select
                'B' < 'a' and 'a-b' < 'aa' and 'z' < 'é' as compares_code_points,
                lower('ÉŠΣ') = 'éšσ' and 'ÉŠΣ' ~* '^éšσ$' as knows_letters,
                current_setting('server_encoding') = 'UTF8' as is_unicode,
                current_setting('DateStyle') like 'ISO%' as writes_iso
        ").rows[0] -%}
        {%- if not found[0] or not found[1] or not found[2] -%}
            {%- do exceptions.raise_compiler_error(
                "The database " ~ target.dbname ~ " compares texts or knows letters in another way than "
                ~ "DuckDB, and its scores could be others. Make one with: create database "
                ~ target.dbname ~ " template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8'"
            ) -%}
        {%- elif not found[3] -%}
            {%- do exceptions.raise_compiler_error(
                "The database " ~ target.dbname ~ " writes days in another way than 2026-06-30. Change it "
                ~ "with: alter database " ~ target.dbname ~ " set datestyle to 'ISO, YMD'"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
