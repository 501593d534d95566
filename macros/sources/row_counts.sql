{# What became of the rows of a vendor's tables, for `leads sources`: CTE `outcomes` with vendor_table,
   table_name (the raw table that a row is in or tells of, null where it is left out) and the reason. #}


{% macro read_vendor_tables(vendor, tables) -%}
    {# A CTE per table, of its name. #}
    {%- for table in tables %}
{{ table }} as (

    {{ read_vendor_table(vendor, table) }}

){{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}


{% macro as_list(texts) -%}
    {# Texts as SQL's list of an `in`; of none that nothing is in. #}
    ('{{ texts | join("', '") }}')
{%- endmacro %}


{% macro outcomes_of_changes(changes, key, records, record_key, properties, table_name) -%}
    {# Outcomes of the rows of a history of properties. #}
    select
        '{{ changes }}' as vendor_table,
        case
            when {{ records }}.{{ record_key }} is not null and {{ changes }}.timestamp is not null
                and {{ changes }}.name in {{ as_list(properties) }} then '{{ table_name }}'
        end as table_name,
        case
            when {{ changes }}.timestamp is null then 'has no time'
            when {{ records }}.{{ record_key }} is null then 'names a record that is not there'
            when {{ changes }}.name in {{ as_list(properties) }} then 'a part of a version'
            else 'is of a property that is not read'
        end as reason
    from {{ changes }}
    left join {{ records }} on {{ changes }}.{{ key }} = {{ records }}.{{ record_key }}
{%- endmacro %}


{% macro outcomes_of_details(vendor, tables) -%}
    {# Outcomes of tables all of whose rows have one: {table: [raw table, reason]}. #}
    {%- for table, outcome in tables.items() %}
    {%- set rows = vendor_rows(vendor, table) -%}
    {%- if rows %}
    union all
    select
        '{{ table }}' as vendor_table,
        '{{ outcome[0] }}' as table_name,
        {{ "'" ~ outcome[1] ~ "'" if outcome[1] else 'null' }} as reason
    from {{ rows }}
    {%- endif %}
    {%- endfor %}
{%- endmacro %}


{% macro count_outcomes() -%}
select
    vendor_table,
    table_name,
    reason,
    count(*) as row_count
from outcomes
group by vendor_table, table_name, reason
{%- endmacro %}
