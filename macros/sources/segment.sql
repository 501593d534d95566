{# What Segment's views are, and the SQL of them that is written for several tables alike.
   docs/decisions/0029-sources.md says why each is as it is. #}


{% macro segment_views() -%}
    {{ return({
        'web.events': 'segment__web_events',
        'aliases': 'segment__aliases',
        'row_counts': 'segment__row_counts',
    }) }}
{%- endmacro %}


{% macro read_segment_events() -%}
    {# The rows of the tables of events that are there under one another, with the table's name. A column
       that none has had a value of is in none of Segment's tables: of each any may be missing. #}
    {%- set parts = [] -%}
    {%- for table in ['pages', 'tracks', 'screens', 'identifies'] -%}
        {%- set rows = vendor_rows('segment', table) -%}
        {%- if rows -%}
            {%- set part -%}
    select
        '{{ table }}' as vendor_table,
        read_rows.*
    from (
        {{ read_vendor_table('segment', table, {
            'id': 'text', 'anonymous_id': 'text', 'user_id': 'text', 'email': 'text',
            'context_traits_email': 'text', 'event': 'text', 'url': 'text', 'context_page_url': 'text',
            'referrer': 'text', 'context_page_referrer': 'text', 'context_user_agent': 'text',
            'timestamp': 'timestamp', 'received_at': 'timestamp',
        }) }}
    ) as read_rows
            {%- endset -%}
            {%- do parts.append(part) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not parts -%}
        {%- do demand_vendor_table('segment', 'pages') if execute -%}
    {%- endif -%}
    {{ parts | join('\n    union all\n') or 'select 1 as parsed' }}
{%- endmacro %}
