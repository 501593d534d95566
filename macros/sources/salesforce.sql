{# What Salesforce's views are, and the SQL of them that is written for many columns or tables alike.
   docs/decisions/0029-sources.md says why each is as it is. #}


{% macro salesforce_views() -%}
    {# The views by the raw tables that they are rows of, and what else sources.sql asks for. #}
    {{ return({
        'crm.leads': 'salesforce__leads',
        'crm.lead_attributes': 'salesforce__lead_attributes',
        'crm.accounts': 'salesforce__accounts',
        'crm.opportunities': 'salesforce__opportunities',
        'crm.opportunity_stages': 'salesforce__opportunity_stages',
        'crm.activities': 'salesforce__activities',
        'aliases': 'salesforce__aliases',
        'row_counts': 'salesforce__row_counts',
    }) }}
{%- endmacro %}


{% macro fields_of(object) -%}
    {# The fields of an object that its versions have. #}
    {{ return({
        'lead': shared_fields() + company_fields().keys() | list + [
            'country', 'country_code', 'state', 'city', 'status',
        ],
        'contact': shared_fields() + [
            'account_id', 'mailing_country', 'mailing_country_code', 'mailing_state', 'mailing_city',
        ],
        'account': [
            'name', 'website', 'industry', 'number_of_employees', 'annual_revenue', 'currency_iso_code',
            'billing_country', 'billing_country_code', 'type',
        ],
        'opportunity': [
            'account_id', 'contact_id', 'stage_name', 'amount', 'currency_iso_code', 'probability',
            'close_date',
        ],
    }[object]) }}
{%- endmacro %}


{% macro shared_fields() -%}
    {# The fields that leads and contacts have alike. #}
    {{ return([
        'email', 'first_name', 'last_name', 'phone', 'mobile_phone', 'title', 'lead_source', 'owner_id',
        'has_opted_out_of_email',
    ]) }}
{%- endmacro %}


{% macro company_fields() -%}
    {# What a lead says of its company, {field of a lead: field of an account}. #}
    {{ return({
        'company': 'name', 'website': 'website', 'industry': 'industry',
        'number_of_employees': 'number_of_employees', 'annual_revenue': 'annual_revenue',
        'currency_iso_code': 'currency_iso_code',
    }) }}
{%- endmacro %}


{% macro facts_of(object) -%}
    {# The columns of an object that each of its versions has as its row does: nobody tracks them. #}
    {{ return({
        'lead': [
            'master_record_id', 'is_converted', 'converted_date', 'converted_contact_id',
            'converted_account_id', 'converted_opportunity_id',
        ],
        'contact': ['master_record_id'],
        'account': ['master_record_id'],
        'opportunity': ['is_closed', 'is_won'],
    }[object]) }}
{%- endmacro %}


{% macro salesforce_id(id) -%}
    {# An id of 18 characters, as the API gives it, of one of 15, as reports and formulas do. Both tell
       capitals apart; the last three characters say which of the 15 are capitals, each of five: they
       are looked up by these five, a capital as 1, in a list such as :00000A:10000B. #}
    {%- set letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' -%}
    {%- set others = 'abcdefghijklmnopqrstuvwxyz0123456789' -%}
    {%- set suffixes = [] -%}
    {%- for suffix in letters ~ '012345' -%}
        {%- set number = loop.index0 -%}
        {%- do suffixes.append(':') -%}
        {%- for place in range(5) -%}{%- do suffixes.append(number // 2 ** place % 2) -%}{%- endfor -%}
        {%- do suffixes.append(suffix) -%}
    {%- endfor -%}
    {%- set list = suffixes | join -%}
    {%- set bits = "translate(" ~ id ~ ", '" ~ letters ~ others ~ "', '" ~ '1' * 26 ~ '0' * 36 ~ "')" -%}
    case
        when length({{ id }}) = 15
            then {{ id }}
            {%- for chunk in range(3) %}
            || substr('{{ list }}', strpos('{{ list }}', ':' || substr({{ bits }}, {{ 5 * chunk + 1 }}, 5)) + 6, 1)
            {%- endfor %}
        else {{ id }}
    end
{%- endmacro %}


{% macro read_salesforce(table, columns=none) -%}
    {# A query of the columns of a table that its entry names, or of others, {name: type}; ids have 18
       characters. #}
    {%- set read = columns or (vendor_columns('salesforce', table) if execute else {}) -%}
    select
    {%- for name, type in read.items() %}
        {{ salesforce_id(name) if name == 'id' or name.endswith('_id') else name }} as {{ name }},
        {%- if type == 'timestamp' %}
        {{ name }}__given,
        {%- endif %}
    {%- endfor %}
        _file_name
    from (
        {{ read_vendor_table('salesforce', table, columns) }}
    ) as read_rows
{%- endmacro %}


{% macro read_recorded(object) -%}
    {# A query of the rows that say what a record was in full: those of the object's table, in history
       mode one per version, and of a table <object>_history that is kept in history mode. #}
    {%- set columns = dict(vendor_columns('salesforce', object) if execute else {}) -%}
    {%- set names = [] -%}
    {%- for name, type in columns.items() -%}
        {%- do names.append(name) -%}
        {%- if type == 'timestamp' -%}{%- do names.append(name ~ '__given') -%}{%- endif -%}
    {%- endfor -%}
    {%- set of_history = dict(columns) -%}
    {%- do of_history.update({object ~ '_id': 'text', 'field': 'text'}) %}
    select
        {{ names | join(', ') }}{{ ',' if names }}
        '{{ object }}' as vendor_table,
        _file_name
    from (
        {{ read_salesforce(object) }}
    ) as rows_of_object
    union all
    select
        {{ names | join(', ') }}{{ ',' if names }}
        '{{ object }}_history' as vendor_table,
        _file_name
    from (
        {{ read_salesforce(object ~ '_history', of_history if execute else none) }}
    ) as rows_of_history
    where _fivetran_start is not null and {{ object }}_id is null and field is null
{%- endmacro %}


{% macro read_field_changes(object, table, fields) -%}
    {# A query of the changes of some fields that a table of field histories tells: id, name, old_value,
       value, timestamp. Of a lookup such as the owner there are two rows, its name and its id. #}
    {%- set lookups = names_of_fields(fields | select('in', ['owner_id', 'account_id', 'contact_id']) | list) -%}
    {%- set is_lookup = "replace(lower(field), '_', '') in " ~ as_list(lookups) %}
    select
        {{ object }}_id as id,
        case lower(replace(field, '_', ''))
        {%- for name in fields %}
            when '{{ name | replace("_", "") }}' then '{{ name }}'
            {%- if name.endswith('_id') %}
            when '{{ name[:-3] | replace("_", "") }}'
                then case when {{ matches_pattern('coalesce(new_value, old_value)', id_pattern()) }} then '{{ name }}' end
            {%- endif %}
        {%- endfor %}
        end as name,
        case when {{ is_lookup }} then {{ salesforce_id('old_value') }} else old_value end as old_value,
        case when {{ is_lookup }} then {{ salesforce_id('new_value') }} else new_value end as value,
        created_date as timestamp,
        _fivetran_synced,
        _file_name
    from (
        {{ read_salesforce(table) }}
    ) as rows_of_history
    where field is not null and {{ object }}_id is not null
{%- endmacro %}


{% macro id_pattern() -%}
    {{ return('^[0-9][0-9A-Za-z]{2}[0-9A-Za-z]{12}([0-9A-Za-z]{3})?$') }}
{%- endmacro %}


{% macro later_of(one, other) -%}
    {# The later of two times, of which one may be missing. #}
    coalesce(greatest({{ one }}, {{ other }}), {{ one }}, {{ other }})
{%- endmacro %}


{% macro first_given(names) -%}
    {# The first of some times that is filled, as it was given. #}
    coalesce({% for name in names %}cast({{ name }}__given as {{ dbt.type_string() }}){{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}


{% macro is_gone(rows) -%}
    {# True of a row that was deleted, or that history mode keeps of the past. #}
    (coalesce({{ rows }}.is_deleted, false) or coalesce({{ rows }}._fivetran_deleted, false) or not coalesce({{ rows }}._fivetran_active, true))
{%- endmacro %}


{% macro versions_of_records(fields, facts) -%}
    {# CTEs that end with `versions`, from the CTEs `recorded` (read_recorded) and `changes`
       (read_field_changes, id, name, old_value, value, timestamp): one row per record and moment from
       which on it was as the row says. What field histories tell counts for the time before the first
       row that says it in full; of a field without a history that row is what is known. is_newest: the
       one row per record that says what it is now. vendor_table: the table of which it is a row; null
       where it is made of several. #}
dated as (

    select
        *,
        coalesce(_fivetran_start, system_modstamp, last_modified_date, _fivetran_synced, created_date)
            as updated_at
    from recorded

),

ranked as (

    select
        *,
        row_number() over (
            partition by id
            order by
                case when coalesce(_fivetran_active, true) then 0 else 1 end,
                updated_at desc nulls last,
                _fivetran_synced desc nulls last
        ) as place_from_last,
        row_number() over (
            partition by id order by updated_at asc nulls last, _fivetran_synced asc nulls last
        ) as place
    from dated

),

-- A record whose last version has ended is gone, as one that Fivetran calls deleted.
known as (

    select
        *,
        case
            when coalesce(_fivetran_deleted, false) then {{ later_of('_fivetran_synced', 'updated_at') }}
            when place_from_last = 1 and not coalesce(_fivetran_active, true)
                then {{ later_of('_fivetran_end', 'updated_at') }}
        end as removed_at,
        coalesce(
            cast(created_date__given as {{ dbt.type_string() }}),
            cast(least(
                coalesce(min(created_date) over (partition by id), updated_at),
                min(updated_at) over (partition by id)
            ) as {{ dbt.type_string() }})
        ) as created_at
    from ranked

),

-- What a field was before its first change it was from the beginning.
first_changes as (

    select
        changes.*,
        known.created_date,
        row_number() over (partition by changes.id, changes.name order by changes.timestamp) as place
    from changes
    inner join known on changes.id = known.id and known.place = 1
    where changes.name is not null

),

all_changes as (

    select
        id,
        name,
        value,
        timestamp,
        _fivetran_synced,
        _file_name
    from changes
    where name is not null
    union all
    select
        id,
        name,
        old_value as value,
        created_date as timestamp,
        _fivetran_synced,
        _file_name
    from first_changes
    where place = 1 and created_date < timestamp

),

{{ property_versions('all_changes', 'id', fields) }},

versions as (

    select
        known.id,
        {%- for name in fields %}
        case when past.{{ name }}_changes > 0 then past.{{ name }} else known.{{ name }} end as {{ name }},
        {%- endfor %}
        {%- for name in facts %}
        known.{{ name }},
        {%- endfor %}
        false as is_deleted,
        known.created_date,
        known.created_at,
        past.changed_at as updated_at,
        {{ later_of('past.loaded_at', 'past.changed_at') }} as loaded_at,
        false as is_newest,
        cast(null as {{ dbt.type_string() }}) as vendor_table,
        past._file_name
    from past
    inner join known on past.id = known.id and known.place = 1
    where past.changed_at < known.updated_at
    union all
    select
        id,
        {%- for name in fields %}
        {{ name }},
        {%- endfor %}
        {%- for name in facts %}
        {{ name }},
        {%- endfor %}
        coalesce(is_deleted, false) or coalesce(removed_at <= updated_at, false) as is_deleted,
        created_date,
        created_at,
        updated_at,
        {{ later_of('_fivetran_synced', 'updated_at') }} as loaded_at,
        place_from_last = 1 and not coalesce(removed_at > updated_at, false) as is_newest,
        vendor_table,
        _file_name
    from known
    union all
    select
        id,
        {%- for name in fields %}
        {{ name }},
        {%- endfor %}
        {%- for name in facts %}
        {{ name }},
        {%- endfor %}
        true as is_deleted,
        created_date,
        created_at,
        removed_at as updated_at,
        {{ later_of('_fivetran_synced', 'removed_at') }} as loaded_at,
        true as is_newest,
        cast(null as {{ dbt.type_string() }}) as vendor_table,
        _file_name
    from known
    where place_from_last = 1 and removed_at > updated_at

)
{%- endmacro %}


{% macro outcomes_of_field_changes(object, table, table_name) -%}
    {# Outcomes (row_counts.sql) of the rows of a table of field histories; of opportunity_history those
       that are steps of a deal. #}
    {%- set is_of_people = object in ['lead', 'contact'] -%}
    {%- set is_read = "replace(lower(changes.field), '_', '') in " ~ as_list(names_of_fields(fields_of(object))) -%}
    {%- set is_custom = "replace(lower(changes.field), '_', '') in " ~ as_list(names_of_fields(var('salesforce_fields')) if is_of_people else []) %}
    select
        '{{ table }}' as vendor_table,
        case
            when changes.created_date is null or records.id is null then null
            when {{ is_read }} then '{{ table_name }}'
            when {{ is_custom }} then 'crm.lead_attributes'
        end as table_name,
        case
            when changes.created_date is null then 'has no time'
            when records.id is null then 'names a record that is not there'
            when {{ is_read }} then 'a part of a version'
            when {{ is_custom }} then null
            else 'is of a field that is not read'
        end as reason
    from (
        {{ read_salesforce(table) }}
    ) as changes
    left join {{ ref('salesforce__' ~ object ~ '_versions') }} as records
        on changes.{{ object }}_id = records.id and records.is_newest
    where changes.field is not null or changes._fivetran_start is null or changes.{{ object }}_id is not null
{%- endmacro %}


{% macro names_the_lead() -%}
    (deals.left_out is null and not {{ is_gone('roles') }} and coalesce(people.person_id, roles.contact_id) = deals.person_id)
{%- endmacro %}


{% macro read_salesforce_tables(tables) -%}
    {# A CTE per table, of its name. #}
    {%- for table in tables %}
{{ table }} as (

    {{ read_salesforce(table) }}

){{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}


{% macro names_of_fields(fields) -%}
    {# As a field history may name them, in small letters and without underscores: of owner_id also owner. #}
    {%- set names = [] -%}
    {%- for field in fields -%}
        {%- do names.append(field | lower | replace('_', '')) -%}
        {%- if field.endswith('_id') -%}{%- do names.append(field[:-3] | replace('_', '')) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{% macro rates_of_currencies() -%}
    {# A query of the currencies of an organisation that has several: iso_code, and factor, by which an
       amount in it becomes one in the currency of the var `currency`. #}
    select
        rates.iso_code,
        cast(own.rate / rates.rate as decimal(18, 8)) as factor
    from (
        select upper(iso_code) as iso_code, max(cast({{ plain_number('conversion_rate') }} as decimal(18, 6))) as rate
        from ({{ read_salesforce('currency_type') }}) as rows_of_table
        group by upper(iso_code)
    ) as rates
    cross join (
        select max(cast({{ plain_number('conversion_rate') }} as decimal(18, 6))) as rate
        from ({{ read_salesforce('currency_type') }}) as rows_of_table
        where upper(iso_code) = '{{ var("currency") | upper }}'
    ) as own
    where rates.rate > 0
{%- endmacro %}


{% macro plain_amount(amount, iso_code, factor) -%}
    {{ plain_number(in_own_currency(amount, iso_code, factor)) }}
{%- endmacro %}


{% macro in_own_currency(amount, iso_code, factor) -%}
    {# An amount as a text, in the currency of the var `currency`; null where there is no rate. #}
    case
        when coalesce(upper({{ iso_code }}), '{{ var("currency") | upper }}') = '{{ var("currency") | upper }}' then {{ amount }}
        else cast(cast(
            cast({{ plain_number(amount) }} as decimal(18, 2)) * {{ factor }} as decimal(18, 2)
        ) as {{ dbt.type_string() }})
    end
{%- endmacro %}


{% macro salesforce_field_columns() -%}
    {# The columns of leads or contacts that are read for the custom fields of the var salesforce_fields. #}
    {%- set columns = {
        'id': 'text', 'created_date': 'timestamp', 'last_modified_date': 'timestamp',
        'system_modstamp': 'timestamp', '_fivetran_active': 'boolean', '_fivetran_start': 'timestamp',
        '_fivetran_end': 'timestamp', '_fivetran_synced': 'timestamp',
    } -%}
    {%- for name in var('salesforce_fields') -%}
        {%- do columns.update({own_field('salesforce_fields', name, '^pi_+(score|grade)_+c$'): 'text'}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}


{% macro name_of_field(field) -%}
    {# The attribute of a custom field: budget of Budget__c or budget_c. #}
    {{ return(modules.re.sub('_+c$', '', field | lower)) }}
{%- endmacro %}


{% macro custom_field_values() -%}
    {# CTEs: `records`, the leads and contacts, and `told`, what is known of their custom fields: id,
       attribute, value, is_change and old_value (where a field history tells it), updated_at,
       _fivetran_synced, _file_name. #}
records as (

    select
        id,
        created_date
    from {{ ref('salesforce__lead_versions') }}
    where is_newest
    union all
    select
        id,
        created_date
    from {{ ref('salesforce__contact_versions') }}
    where is_newest

),

{% for object in ['lead', 'contact'] -%}
{{ object }}_rows as (

    {{ read_salesforce(object, salesforce_field_columns()) }}

),

{{ object }}_changes as (

    {{ read_salesforce(object ~ '_history') }}

),

{% endfor -%}
told as (

    {% for object in ['lead', 'contact'] -%}
    {% for field in var('salesforce_fields') -%}
    select
        id,
        '{{ name_of_field(field) }}' as attribute,
        {{ field | lower }} as value,
        false as is_change,
        null as old_value,
        coalesce(_fivetran_start, system_modstamp, last_modified_date, _fivetran_synced, created_date)
            as updated_at,
        _fivetran_synced,
        _file_name
    from {{ object }}_rows
    union all
    select
        {{ object }}_id as id,
        '{{ name_of_field(field) }}' as attribute,
        new_value as value,
        true as is_change,
        old_value,
        created_date as updated_at,
        _fivetran_synced,
        _file_name
    from {{ object }}_changes
    where replace(lower(field), '_', '') = '{{ field | lower | replace("_", "") }}'
    union all
    {% endfor -%}
    {% endfor -%}
    select
        id,
        cast(null as {{ dbt.type_string() }}) as attribute,
        cast(null as {{ dbt.type_string() }}) as value,
        false as is_change,
        cast(null as {{ dbt.type_string() }}) as old_value,
        created_date as updated_at,
        created_date as _fivetran_synced,
        cast(null as {{ dbt.type_string() }}) as _file_name
    from records
    where 1 = 0

)
{%- endmacro %}


{% macro contacts_from() -%}
    {# CTE of when the first version of a lead's contact was, by the CTEs contact_versions and people:
       from then on whoever was a lead is what the contact says. #}
contacts_from as (

    select
        people.own_id,
        min(contact_versions.updated_at) as updated_at
    from contact_versions
    inner join people on contact_versions.id = people.record_id
    group by people.own_id

)
{%- endmacro %}
