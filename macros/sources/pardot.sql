{# What Pardot's views are, and the SQL of them that is written for many columns or tables alike.
   docs/decisions/0029-sources.md says why each is as it is. #}


{% macro pardot_views() -%}
    {# The views by the raw tables that they are rows of, and what else sources.sql asks for. #}
    {{ return({
        'crm.leads': 'pardot__leads',
        'crm.lead_attributes': 'pardot__lead_attributes',
        'crm.opportunities': 'pardot__opportunities',
        'crm.activities': 'pardot__activities',
        'email.events': 'pardot__email_events',
        'email.campaigns': 'pardot__campaigns',
        'web.events': 'pardot__web_events',
        'links': 'pardot__links',
        'row_counts': 'pardot__row_counts',
    }) }}
{%- endmacro %}


{% macro from_pardot_zone(time) -%}
    {# A time in UTC: Pardot tells times as the clock of the user shows them that its API is asked as,
       whose zone the var pardot_time_zone names. #}
    {%- set zone = var('pardot_time_zone') -%}
    {%- if zone not in modules.pytz.all_timezones -%}
        {%- do exceptions.raise_compiler_error(
            "The dbt variable pardot_time_zone is '" ~ zone ~ "', which is no time zone: name that of the"
            ~ " user whom Fivetran reads Pardot as, such as UTC or America/New_York."
        ) -%}
    {%- endif -%}
    {{ time if zone == 'UTC' else '((' ~ time ~ ") at time zone '" ~ zone ~ "') at time zone 'UTC'" }}
{%- endmacro %}


{% macro read_pardot(table, columns=none) -%}
    {# A query of the columns of a table that its entry names, or of others, {name: type}; times in UTC,
       and <name>__given as a text: that time, or what cannot be read as one. #}
    {%- set read = columns or (vendor_columns('pardot', table) if execute else {}) -%}
    {%- set types = {'t': dbt.type_string()} -%}
    select
    {%- for name, type in read.items() %}
        {%- set in_utc = name if name == '_fivetran_synced' else from_pardot_zone(name) %}
        {{ in_utc if type == 'timestamp' else name }} as {{ name }},
        {%- if type == 'timestamp' %}
        coalesce(cast({{ in_utc }} as {{ types.t }}), cast({{ name }}__given as {{ types.t }})) as {{ name }}__given,
        {%- endif %}
    {%- endfor %}
        _file_name
    from (
        {{ read_vendor_table('pardot', table, columns) }}
    ) as read_rows
{%- endmacro %}


{% macro pardot_field_columns() -%}
    {# The columns of prospects that hold the custom fields of the var pardot_fields. #}
    {%- set columns = {
        'id': 'text', 'created_at': 'timestamp', 'updated_at': 'timestamp', '_fivetran_synced': 'timestamp',
    } -%}
    {%- for name in var('pardot_fields') -%}
        {%- do columns.update({own_field('pardot_fields', name, '^(score|grade)$'): 'text'}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}


{% macro own_field(variable, name, scores) -%}
    {# The name of a custom field in small letters; refused where it is a score that Pardot keeps, by the
       pattern `scores`. #}
    {%- if modules.re.match(scores, name | lower) -%}
        {%- do exceptions.raise_compiler_error(
            "The dbt variable " ~ variable ~ " names " ~ name ~ ", Pardot's own score of a person: a score that"
            ~ " is fed into a score counts twice what both are made of. Take it out of the variable."
        ) -%}
    {%- endif -%}
    {{ return(name | lower) }}
{%- endmacro %}
