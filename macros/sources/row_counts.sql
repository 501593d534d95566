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


{% macro count_source_tables() -%}
    {# How many rows each vendor has of each raw table: vendor, table_name, row_count, and of tables of
       versions how many things they are of: key_count. Of two tables not all rows are in the raw table:
       these are counted where they come from. #}
    {%- set parts = [] -%}
    {%- for name, model in joined_tables().items() -%}
        {%- set relation = ref(model) -%}
        {%- for vendor, view in views_of_sources(name) if execute -%}
            {%- set contract = raw_contract(source(name.split('.')[0], name.split('.')[1])) -%}
            {%- set key = contract.config.meta.key | join(" || ' ' || ") -%}
            {%- set keys = 'cast(null as bigint)' if contract.config.meta.get('is_event') else 'count(distinct ' ~ key ~ ')' -%}
            {%- set rows = view if name in ['crm.leads', 'crm.lead_attributes']
                else relation ~ " where _source = '" ~ vendor ~ "'" -%}
            {%- do parts.append(
                "select '" ~ vendor ~ "' as vendor, '" ~ name ~ "' as table_name, count(*) as row_count, "
                ~ keys ~ ' as key_count from ' ~ rows
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(parts | join('\nunion all\n') or 'select 1 as parsed') }}
{%- endmacro %}


{% macro count_joined_values() -%}
    {# How many rows and values each column of the contract has in the raw tables that sources make:
       table_name, column_name, row_count, value_count. Each table is read once. #}
    {%- set columns = [] -%}
    {%- for name, model in joined_tables().items() -%}
        {%- set relation = ref(model) -%}
        {%- if execute -%}
            {%- set found = raw_columns(load_relation(relation)) -%}
            {%- set contract = raw_contract(source(name.split('.')[0], name.split('.')[1])) -%}
            {{ 'with' if loop.first else ',' }} counts_{{ loop.index }} as (
    select
        count(*) as row_count
            {%- for column in contract.columns.keys() %},
        {{ 'count(' ~ column ~ ')' if column in found else '0' }} as {{ column }}
                {%- do columns.append([name, column]) -%}
            {%- endfor %}
    from {{ relation }}
)
        {%- endif %}
    {% endfor -%}
    {%- set tables = joined_tables().keys() | list -%}
    {%- for name, column in columns %}
    select
        '{{ name }}' as table_name,
        '{{ column }}' as column_name,
        row_count,
        {{ column }} as value_count
    from counts_{{ tables.index(name) + 1 }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select 1 as parsed
    {%- endfor %}
{%- endmacro %}


{% macro stack_row_counts() -%}
    {# The row counts of all vendors that have some, with the vendor. #}
    {%- for vendor, view in views_of_sources('row_counts') %}
    select
        '{{ vendor }}' as vendor,
        vendor_table,
        table_name,
        reason,
        row_count
    from {{ view }}
    union all
    {%- endfor %}
    select
        cast(null as {{ dbt.type_string() }}) as vendor,
        cast(null as {{ dbt.type_string() }}) as vendor_table,
        cast(null as {{ dbt.type_string() }}) as table_name,
        cast(null as {{ dbt.type_string() }}) as reason,
        cast(null as {{ dbt.type_bigint() }}) as row_count
    where 1 = 0
{%- endmacro %}


{% macro stack_source_gaps() -%}
    {# What a vendor's entries name and is not there: vendor, vendor_table, and column_name, null where
       the whole table is missing. #}
    {%- set entries = graph.sources.values() if execute else [] -%}
    {%- for node in entries if node.source_name in sources() and not node.config.meta.get('key') -%}
        {%- set rows = files_of_table(node.source_name ~ '.' ~ node.name)
            or load_relation(api.Relation.create(target.database, node.schema, node.identifier)) -%}
        {%- set found = find_vendor_columns(rows) -%}
        {%- for column in node.columns.values() if rows and not column.config.meta.get('not_missed')
            and not (found.get(column.name) or found.get(column.name | replace('_', ''))) %}
    select '{{ node.source_name }}' as vendor, '{{ node.name }}' as vendor_table, '{{ column.name }}' as column_name
    union all
        {%- endfor %}
        {%- if not rows %}
    select '{{ node.source_name }}' as vendor, '{{ node.name }}' as vendor_table, null as column_name
    union all
        {%- endif %}
    {%- endfor %}
    select
        cast(null as {{ dbt.type_string() }}) as vendor,
        cast(null as {{ dbt.type_string() }}) as vendor_table,
        cast(null as {{ dbt.type_string() }}) as column_name
    where 1 = 0
{%- endmacro %}
