{# Sources that map themselves: LEADS_SOURCES names vendors whose tables, as Fivetran lands them, become
   raw tables of the contract. Why each is mapped as it is: docs/decisions/0029-sources.md. Without
   LEADS_SOURCES nothing here does anything.

   A vendor is a folder models/sources/<vendor>: `_<vendor>__sources.yml` says which of its tables and
   columns are read, the models map them, and the macro <vendor>_views (sources/<vendor>.sql) says
   which model has the rows of which raw table. Beside raw tables it may name
   - links: lead_id of this vendor, linked_id of another's person (prefixed, as salesforce:00Q…),
   - aliases: alias_id, an id that others may know, and the lead_id that it is of here,
   - row_counts: what became of each row: vendor_table, table_name or left_out, row_count.
   How vendors are joined: sources_joined.sql. #}


{% macro sources() -%}
    {# The vendors that are read, in order; none where the contract's own tables are. #}
    {%- set names = [] -%}
    {%- for name in var('sources', env_var('LEADS_SOURCES', '')).replace(' ', '').split(',') if name -%}
        {%- if context.get(name ~ '_views') is none -%}
            {%- do exceptions.raise_compiler_error(
                "LEADS_SOURCES names '" ~ name ~ "', which is no source: models/sources has a folder for each that is one."
            ) -%}
        {%- endif -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{% macro views_of_sources(name) -%}
    {# The vendors that have rows of a raw table, in order, with their models: [[vendor, model]]. #}
    {%- set found = [] -%}
    {%- for vendor in sources() if context[vendor ~ '_views']().get(name) -%}
        {%- do found.append([vendor, ref(context[vendor ~ '_views']()[name])]) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{% macro joined_tables() -%}
    {# The raw tables that vendors may have rows of, each with the model of models/sources/joined that
       has those of all of them. #}
    {{ return({
        'crm.leads': 'raw_crm__leads',
        'crm.lead_attributes': 'raw_crm__lead_attributes',
        'crm.accounts': 'raw_crm__accounts',
        'crm.opportunities': 'raw_crm__opportunities',
        'crm.opportunity_stages': 'raw_crm__opportunity_stages',
        'crm.activities': 'raw_crm__activities',
        'email.events': 'raw_email__events',
        'email.campaigns': 'raw_email__campaigns',
        'web.events': 'raw_web__events',
    }) }}
{%- endmacro %}


{% macro depend_on_sources() -%}
    {# Has a model that reads raw tables come after what vendors give. Which raw table it is can not be
       known while dbt reads the project: after all of them. #}
    {%- if sources() -%}
        {%- for model in joined_tables().values() -%}
            {%- do ref(model) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{% macro source_rows(relation) -%}
    {# The model to select a raw table from where a vendor has rows of it, else none. #}
    {%- set contract = raw_contract(relation) -%}
    {%- set name = contract.source_name ~ '.' ~ contract.name -%}
    {%- for vendor in sources() if context[vendor ~ '_views']().get(name) -%}
        {{ return(find_relation(ref(joined_tables()[name]))) }}
    {%- endfor -%}
{%- endmacro %}


{% macro vendor_rows(vendor, table) -%}
    {# The SQL to select a vendor's table from: files under LEADS_RAW/<vendor>/, else the table in the
       warehouse's schema (var <vendor>_schema, else the vendor's name); none where it is not there. #}
    {%- set relation = source(vendor, table) -%}
    {%- if not execute -%}{{ return(none) }}{%- endif -%}
    {{ return(files_of_table(vendor ~ '.' ~ table) or find_relation(relation)) }}
{%- endmacro %}


{% macro vendor_entry(vendor, table) -%}
    {# The sources.yml entry of a vendor's table. #}
    {%- for node in graph.sources.values() if node.source_name == vendor and node.name == table -%}
        {{ return(node) }}
    {%- endfor -%}
{%- endmacro %}


{% macro vendor_columns(vendor, table) -%}
    {# The columns of a vendor's table that are read, {name: type}, as its entry has them. #}
    {%- set columns = {} -%}
    {%- for column in vendor_entry(vendor, table).columns.values() -%}
        {%- do columns.update({column.name: column.data_type}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}


{% macro find_vendor_columns(rows) -%}
    {# The columns of a vendor's rows by their names as they may be asked for: in small letters, with
       underscores or without (AccountId). dbt tells of a column of nested values by its parts
       (event_params.key): here it is the whole one. #}
    {%- set found = {} -%}
    {%- for column in (columns_of_rows(rows) if rows else []) -%}
        {%- set whole = column.name.split('.')[0] -%}
        {%- if whole != column.name -%}
            {%- do found.update({whole | lower: {'name': whole, 'data_type': 'struct'}}) -%}
        {%- endif -%}
        {%- for key in [column.name | lower | replace('_', ''), column.name | lower] -%}
            {%- do found.update({key: column}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{% macro read_vendor_table(vendor, table, columns=none) -%}
    {# A query of the columns of a vendor's table that its entry names, or of others, {name: type}. A
       table that is not there has no rows, a column that is not there is null. Types:
       - text: without blanks around it, null where nothing is left,
       - timestamp, boolean: read as the contract reads them, null where they cannot be; of a
         timestamp there is <name>__given too,
       - given: as it is, for the contract to read and to say what is wrong with it; of a time that is
         written 2024-12-30 3:15:52, the hour has two digits.
       Rows of files have their _file_name. #}
    {%- set rows = vendor_rows(vendor, table) -%}
    {%- if execute and not rows and vendor_entry(vendor, table).config.meta.get('required') -%}
        {%- do demand_vendor_table(vendor, table) -%}
    {%- endif -%}
    {%- set found = find_vendor_columns(rows) if execute else {} -%}
    {%- set columns = columns or (vendor_columns(vendor, table) if execute else {}) -%}
    select
    {%- for name, type in columns.items() %}
        {%- set column = found.get(name) or found.get(name | replace('_', '')) %}
        {{ read_vendor_column(column, type, name) }} as {{ name }},
        {%- if type == 'timestamp' %}
        {{ read_vendor_column(column, 'given') }} as {{ name }}__given,
        {%- endif %}
    {%- endfor %}
        {{ '_file_name' if found.get('_file_name') else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as _file_name
    {%- if rows %}
    from {{ rows }}
    {%- else %}
    where 1 = 0
    {%- endif %}
{%- endmacro %}


{% macro demand_vendor_table(vendor, table) -%}
    {# Stops the run with a sentence on a vendor's table without which there is nobody. #}
    {%- set entry = vendor_entry(vendor, table) -%}
    {%- do exceptions.raise_compiler_error(
        "LEADS_SOURCES names " ~ vendor ~ ", but its table " ~ table ~ " is missing: it was looked for "
        ~ ("under " ~ raw_root() ~ "/" ~ vendor ~ "/" ~ table ~ " (.parquet, .csv or a folder of them), or " if raw_root() else "")
        ~ "in the warehouse as " ~ entry.schema ~ "." ~ table
        ~ ". Set LEADS_RAW to the folder that holds " ~ vendor ~ "/, or the dbt variable " ~ vendor ~ "_schema to the schema that Fivetran fills."
    ) -%}
{%- endmacro %}


{% macro demand_people() -%}
    {# Stops the run with a sentence where none of LEADS_SOURCES has people. Raw tables of the contract
       beside vendors (own) have them where crm.leads is there. #}
    {%- set others = sources() | reject('equalto', 'own') | list -%}
    {%- set with_people = [] -%}
    {%- for vendor in others if context[vendor ~ '_views']().get('crm.leads') -%}
        {%- do with_people.append(vendor) -%}
    {%- endfor -%}
    {%- set leads = source('crm', 'leads') -%}
    {%- set is_own = 'own' in sources() -%}
    {%- if others and not with_people and not (is_own and (raw_files(leads) or load_relation(leads))) -%}
        {%- do exceptions.raise_compiler_error(
            "LEADS_SOURCES names " ~ sources() | join(', ') ~ ", and nobody is there to score: "
            ~ others | join(', ') ~ (' have' if others | length > 1 else ' has') ~ " events and no people"
            ~ (", and the raw table crm.leads is missing" if is_own else "")
            ~ ". Name where the people are before, as LEADS_SOURCES=hubspot," ~ others[0] ~ ", or own for the raw tables"
            ~ " of the contract, of which crm.leads is looked for under "
            ~ (raw_root() ~ "/crm/leads or in the warehouse as " if raw_root() else "in the warehouse as ") ~ leads.schema ~ "." ~ leads.identifier ~ "."
        ) -%}
    {%- endif -%}
{%- endmacro %}


{% macro read_vendor_column(column, type, name='') -%}
    {%- if not column -%}
        {%- set types = {'timestamp': dbt.type_timestamp(), 'boolean': dbt.type_boolean()} -%}
        cast(null as {{ types.get(type, dbt.type_string()) }})
    {%- else -%}
        {%- set physical = column.data_type | lower -%}
        {%- set kind = physical_kind(physical) -%}
        {%- set quoted = adapter.quote(column.name) -%}
        {%- set text = read_text(quoted, physical) -%}
        {%- if type == 'text' -%}
            {{ text }}
        {%- elif type == 'boolean' -%}
            {{ read_boolean(text if kind == 'text' else quoted, kind) }}
        {%- elif type == 'timestamp' -%}
            {%- set time = read_timestamp(pad_hour(text) if kind == 'text' else quoted, kind, physical) -%}
            {%- if name == '_fivetran_end' -%}
                case when {{ time }} < {{ open_end() }} then {{ time }} end
            {%- else -%}
                {{ time }}
            {%- endif -%}
        {%- elif kind == 'text' -%}
            {{ pad_hour(text) }}
        {%- else -%}
            {{ quoted }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro open_end() -%}
    {# A version that still counts is written as ending in 2050 or 9999. #}
    cast('2050-01-01' as {{ dbt.type_timestamp() }})
{%- endmacro %}


{% macro pad_hour(text) -%}
    {# 2024-12-30 03:15:52 of 2024-12-30 3:15:52. #}
    regexp_replace({{ text }}, '^([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]):', '\1 0\2:')
{%- endmacro %}


{% macro plain_number(text) -%}
    {# A number as the contract takes one; null where it is written otherwise ("1-5", "$1M"): a person
       is not set aside for the size of the company. #}
    case when {{ matches_pattern(text, '^[0-9]+([.][0-9]+)?$') }} then {{ text }} end
{%- endmacro %}


{% macro vendor_key(vendor, id) -%}
    {# An id that carries its source, hubspot:501; null where there is no id. #}
    '{{ vendor }}:' || {{ id }}
{%- endmacro %}


{% macro read_moment(text) -%}
    {# A time that stands in a text, as in a history of properties; null where it cannot be read. #}
    {{ read_timestamp(pad_hour(text), 'text', 'varchar') }}
{%- endmacro %}
