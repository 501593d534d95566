{# People who were erased (`leads erase`): their rows of the raw tables are left out and counted. What
   they are known by is kept as a fingerprint alone: the SHA-256 of it behind a salt. #}


{% macro create_erased_people() -%}
    {# The empty table that `leads erase` writes into. Its columns are described in
       models/staging/_erased_people__sources.yml. #}
    create table if not exists {{ target.schema }}.erased_people (
        kind {{ dbt.type_string() }} not null,
        fingerprint {{ dbt.type_string() }} not null,
        salt {{ dbt.type_string() }} not null,
        receipt_id {{ dbt.type_string() }} not null,
        erased_on date not null
    )
{%- endmacro %}


{% macro erased_reason() -%}
    belongs to a person who was erased
{%- endmacro %}


{% macro erased_condition(columns) -%}
    {# [The first of the columns that names a person, a condition that is true for rows of people who
       were erased]; none where nobody was, or no column (of a raw table) names a person. #}
    {%- set erased = source('privacy', 'erased_people') -%}
    {%- set kinds = {'lead_id': 'lead', 'email': 'email', 'visitor_id': 'visitor'} -%}
    {%- set named = kinds | select('in', columns) | list -%}
    {%- if not named or not read_value("select max(receipt_id) from " ~ erased, [erased]) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set conditions = [] -%}
    {%- for column in named -%}
        {%- set text = "(select min(salt) from " ~ erased ~ ") || '" ~ kinds[column] ~ ":' || "
            ~ ("lower(" ~ column ~ ")" if column == 'email' else column) -%}
        {%- do conditions.append(
            "coalesce(" ~ fingerprint_of(text) ~ " in (select fingerprint from " ~ erased ~ "), false)"
        ) -%}
    {%- endfor -%}
    {{ return([named[0], '(' ~ conditions | join(' or ') ~ ')']) }}
{%- endmacro %}
