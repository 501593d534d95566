{# What Marketo's views are, and the SQL of them that is written for many columns or tables alike.
   docs/decisions/0029-sources.md says why each is as it is. #}


{% macro marketo_views() -%}
    {{ return({
        'crm.leads': 'marketo__leads',
        'crm.lead_attributes': 'marketo__lead_attributes',
        'crm.activities': 'marketo__activities',
        'email.events': 'marketo__email_events',
        'email.campaigns': 'marketo__campaigns',
        'web.events': 'marketo__web_events',
        'aliases': 'marketo__aliases',
        'links': 'marketo__links',
        'row_counts': 'marketo__row_counts',
    }) }}
{%- endmacro %}


{% macro marketo_fields() -%}
    {# The fields of a lead that its versions have, by Marketo's names without capitals and underscores,
       each with the column. Scores are not among them: those that Marketo keeps are not fed back. #}
    {{ return({
        'firstname': 'first_name', 'lastname': 'last_name', 'phone': 'phone', 'title': 'title',
        'company': 'company', 'website': 'website', 'industry': 'industry',
        'numberofemployees': 'number_of_employees', 'annualrevenue': 'annual_revenue',
        'country': 'country', 'state': 'state', 'city': 'city',
        'inferredcompany': 'inferred_company', 'leadsource': 'lead_source',
        'leadstatus': 'lead_status', 'leadownerid': 'lead_owner_id', 'unsubscribed': 'unsubscribed',
        'blacklisted': 'black_listed',
    }) }}
{%- endmacro %}


{% macro bare_name(text) -%}
    {# The name of a field without capitals, underscores and blanks. #}
    lower(regexp_replace({{ text }}, '[^A-Za-z0-9]', '', 'g'))
{%- endmacro %}


{% macro marketo_columns() -%}
    {# The columns of the table of leads that are read as they are found: those of marketo_fields, and the
       custom fields of the var marketo_fields. #}
    {%- set columns = {
        'id': 'text', 'created_at': 'timestamp', 'updated_at': 'timestamp', '_fivetran_synced': 'timestamp',
    } -%}
    {%- for name in var('marketo_fields') -%}
        {%- do columns.update({name | lower: 'text'}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}


{% macro marketo_custom_fields() -%}
    {# {bare name: name} of the var marketo_fields. #}
    {%- set names = {} -%}
    {%- for name in var('marketo_fields') -%}
        {%- do names.update({name | lower | replace('_', ''): name}) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{% macro marketo_tables() -%}
    {# The tables of activities that are read, each with the raw table and Marketo's number of the kind. #}
    {{ return({
        'activity_send_email': ['email.events', 'email_event', 6],
        'activity_email_delivered': ['email.events', 'email_event', 7],
        'activity_email_bounced': ['email.events', 'email_event', 8],
        'activity_email_bounced_soft': ['email.events', 'email_event', 27],
        'activity_open_email': ['email.events', 'email_event', 10],
        'activity_click_email': ['email.events', 'email_event', 11],
        'activity_unsubscribe_email': ['email.events', 'email_event', 9],
        'activity_visit_webpage': ['web.events', 'web_event', 1],
        'activity_fill_out_form': ['web.events', 'web_event', 2],
        'activity_click_link': ['web.events', 'web_event', 3],
        'activity_add_to_list': ['crm.activities', 'activity', 24],
        'activity_interesting_moment': ['crm.activities', 'activity', 46],
        'activity_change_status_in_progression': ['crm.activities', 'activity', 104],
    }) }}
{%- endmacro %}


{% macro read_marketo_activities() -%}
    {# The rows of all tables of activities that are there under one another. #}
    {%- set parts = [] -%}
    {%- for table, meaning in marketo_tables().items() -%}
        {%- set rows = vendor_rows('marketo', table) -%}
        {%- if rows or table == 'activity_send_email' -%}
            {%- set part -%}
    select
        '{{ table }}' as vendor_table,
        '{{ meaning[0] }}' as table_name,
        '{{ meaning[1] }}' as field,
        coalesce(read_rows.activity_type_id, '{{ meaning[2] }}') as kind,
        read_rows.*
    from (
        {{ read_vendor_table('marketo', table, {
            'id': 'text', 'lead_id': 'text', 'activity_type_id': 'text', 'activity_date': 'timestamp',
            'primary_attribute_value': 'text', 'primary_attribute_value_id': 'text', 'link': 'text',
            'email': 'text', 'category': 'text', 'action_result': 'text', 'user_agent': 'text',
            'is_bot_activity': 'boolean', 'webpage_url': 'text', 'referrer_url': 'text',
            'new_status': 'text', 'type': 'text', 'description': 'text', '_fivetran_synced': 'timestamp',
        }) }}
    ) as read_rows
            {%- endset -%}
            {%- do parts.append(part) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ parts | join('\n    union all\n') }}
{%- endmacro %}
