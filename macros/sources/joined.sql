{# How rows of several vendors become one raw table. The order of LEADS_SOURCES is precedence: people of
   a later vendor join those of earlier ones, by a link that a vendor knows or by their address, and
   bring what they did and the attributes that are missing there. #}


{% macro rows_of_sources(name) -%}
    {# A query of the rows of a raw table that vendors have, under one another, each column of one type,
       people by the ids that they have after all are joined. #}
    {%- set views = views_of_sources(name) -%}
    {%- set people = ref('source_people') if sources() | length > 1 else none -%}
    {%- set names = ref('source_names') if people and name == 'web.events' else none -%}
    {%- if not execute -%}{{ return('select 1 as parsed') }}{%- endif -%}
    {%- if not views -%}{{ return('select 1 as empty where 1 = 0') }}{%- endif -%}
    {%- if not people -%}
        {{ return("select *, '" ~ views[0][0] ~ "' as _source from " ~ views[0][1]) }}
    {%- endif -%}
    {%- set physical = columns_of_views(views) -%}
    {%- set types = common_types(name, physical) -%}
    {%- for vendor, view in views %}
    select
    {%- for column in types %}
        {%- set own = 'rows_of_vendor.' ~ column -%}
        {%- if column == 'lead_id' -%}
            {%- set own = 'coalesce(people.lead_id, rows_of_vendor.lead_id)' -%}
        {%- elif column == 'email' and name == 'email.events' -%}
            {%- set own = 'coalesce(addresses.lead_address, rows_of_vendor.email)' -%}
        {%- elif column == 'email' and name == 'web.events' -%}
            {%- set own = 'coalesce(addresses.lead_address, names.email, rows_of_vendor.email)' -%}
            {%- set own = 'coalesce(users.email, ' ~ own ~ ')' if 'user_id' in physical[vendor] else own -%}
        {%- endif %}
        {{ cast_column(own, column, types, physical[vendor]) }} as {{ column }},
    {%- endfor %}
        '{{ vendor }}' as _source
    from {{ view }} as rows_of_vendor
    {%- if 'lead_id' in types %}
    left join {{ people }} as people on rows_of_vendor.lead_id = people.vendor_lead_id
    {%- elif name in ['email.events', 'web.events'] and 'email' in physical[vendor] %}
    left join (
        -- Of a person who was joined by a link the mail may go to another address.
        select address, min(lead_address) as lead_address
        from {{ people }}
        where vendor = '{{ vendor }}' and joined_by = 'link' and lead_address is not null
        and address not in (select lead_address from {{ people }} where lead_address is not null)
        group by address
        having min(lead_address) = max(lead_address)
    ) as addresses on lower(trim(rows_of_vendor.email)) = addresses.address
    {%- endif %}
    {%- if name == 'web.events' and 'email' in physical[vendor] %}
    left join {{ names }} as names on lower(trim(rows_of_vendor.email)) = names.name
    {%- if 'user_id' in physical[vendor] %}
    left join {{ names }} as users on rows_of_vendor.user_id = users.name
    {%- endif %}
    {%- endif %}
    {%- if name == 'crm.lead_attributes' and not loop.first %}
    -- A field that an earlier vendor knows is that one's.
    left join (
        {%- for earlier in views[:loop.index0] %}
        select coalesce(knows.lead_id, fields.lead_id) as lead_id, fields.attribute
        from {{ earlier[1] }} as fields
        left join {{ people }} as knows on fields.lead_id = knows.vendor_lead_id
        {{ 'union' if not loop.last else 'group by 1, 2' }}
        {%- endfor %}
    ) as known
        on coalesce(people.lead_id, rows_of_vendor.lead_id) = known.lead_id
        and rows_of_vendor.attribute = known.attribute
    where known.lead_id is null
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro columns_of_views(views) -%}
    {# {vendor: {column: physical type}}. #}
    {%- set physical = {} -%}
    {%- for vendor, view in views -%}
        {%- do physical.update({vendor: raw_columns(load_relation(view))}) -%}
    {%- endfor -%}
    {{ return(physical) }}
{%- endmacro %}


{% macro common_types(name, physical) -%}
    {# {column: type} of a raw table's columns that some vendor has, and _file_name: what all have it
       as, or text. #}
    {%- set parts = name.split('.') -%}
    {%- set types = {} -%}
    {%- for column in raw_contract(source(parts[0], parts[1])).columns.keys() | list + ['_file_name'] -%}
        {%- set found = physical.values() | map(attribute=column) | select | unique | list -%}
        {%- if found -%}
            {%- do types.update({column: found[0] if found | length == 1 else dbt.type_string()}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(types) }}
{%- endmacro %}


{% macro cast_column(expression, column, types, found) -%}
    cast({{ expression if column in found else 'null' }} as {{ types[column] }})
{%- endmacro %}


{% macro join_people() -%}
    {# A query of the people of all vendors, one row per vendor's own lead id: vendor, vendor_lead_id,
       the lead_id that it has after all are joined, address (of its newest version), lead_address (that
       of the lead where it is another), joined_by (link, address; null where it is a lead of its own),
       is_main (of several of one vendor who are one lead the one whose attributes count). A person who
       was deleted joins nobody by address. #}
    {%- set views = views_of_sources('crm.leads') -%}
    {%- set links = views_of_sources('links') -%}
    {%- set aliases = views_of_sources('aliases') -%}
    {%- if not execute -%}{{ return('select 1 as parsed') }}{%- endif -%}
    {%- set text = dbt.type_string() -%}
    {%- if not views -%}
        {#- Trackers alone: their events can be looked at; who is to be scored the run asks for. -#}
        {%- set columns = [] -%}
        {%- for name in ['vendor', 'vendor_lead_id', 'lead_id', 'address', 'lead_address', 'joined_by'] -%}
            {%- do columns.append('cast(null as ' ~ text ~ ') as ' ~ name) -%}
        {%- endfor -%}
        {{ return('select ' ~ columns | join(', ') ~ ', true as is_main where 1 = 0') }}
    {%- endif %}
with

aliases as (

    {%- for vendor, view in aliases %}
    select alias_id, lead_id from {{ view }}
    union all
    {%- endfor %}
    select cast(null as {{ text }}) as alias_id, cast(null as {{ text }}) as lead_id
    where 1 = 0

),

links as (

    {%- for vendor, view in links %}
    select lead_id, linked_id from {{ view }}
    union all
    {%- endfor %}
    select cast(null as {{ text }}) as lead_id, cast(null as {{ text }}) as linked_id
    where 1 = 0

),

{% for vendor, view in views -%}
{%- set columns = raw_columns(load_relation(view)) -%}
newest_{{ vendor }} as (

    select
        lead_id,
        nullif(lower(trim(email)), '') as address,
        coalesce({{ read_column('is_deleted', 'boolean', columns.get('is_deleted')) }}, false) as is_deleted,
        row_number() over (
            partition by lead_id
            order by {{ read_column('updated_at', 'timestamp', columns.get('updated_at')) }} desc nulls last, _loaded_at desc
        ) as place
    from {{ view }}
    where lead_id is not null

),

people_{{ vendor }} as (

    {% if loop.first -%}
    select
        '{{ vendor }}' as vendor,
        lead_id as vendor_lead_id,
        lead_id,
        address,
        cast(null as {{ text }}) as lead_address,
        is_deleted,
        cast(null as {{ text }}) as joined_by
    from newest_{{ vendor }}
    where place = 1
    {%- else -%}
    select
        '{{ vendor }}' as vendor,
        newest.lead_id as vendor_lead_id,
        coalesce(linked.lead_id, addressed.lead_id, newest.lead_id) as lead_id,
        newest.address,
        case when linked.address <> newest.address then linked.address end as lead_address,
        newest.is_deleted,
        case
            when linked.lead_id is not null then 'link'
            when addressed.lead_id is not null then 'address'
        end as joined_by
    from newest_{{ vendor }} as newest
    left join (
        select links.lead_id as vendor_lead_id, min(earlier.lead_id) as lead_id, min(earlier.address) as address
        from links
        left join aliases on links.linked_id = aliases.alias_id
        inner join before_{{ vendor }} as earlier
            on coalesce(aliases.lead_id, links.linked_id) = earlier.vendor_lead_id
        group by links.lead_id
    ) as linked on newest.lead_id = linked.vendor_lead_id
    left join (
        select address, min(lead_id) as lead_id
        from before_{{ vendor }}
        where not is_deleted
        group by address
    ) as addressed on newest.address = addressed.address and not newest.is_deleted
    where newest.place = 1
    {%- endif %}

),

{% if not loop.last -%}
before_{{ views[loop.index][0] }} as (

    {%- for earlier in views[:loop.index] %}
    select * from people_{{ earlier[0] }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

{% endif -%}
{% endfor -%}
people as (

    {%- for vendor, view in views %}
    select * from people_{{ vendor }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    vendor,
    vendor_lead_id,
    lead_id,
    address,
    lead_address,
    joined_by,
    row_number() over (partition by vendor, lead_id order by is_deleted, length(vendor_lead_id), vendor_lead_id) = 1
        as is_main
from people
{%- endmacro %}


{% macro join_leads() -%}
    {# A query of the versions of all leads. Of a person whom several vendors know there is a version
       whenever one of them has one: of each column the value that the first vendor has by then, else
       the next one's. Whoever may not be contacted for one may not be contacted; somebody is deleted
       where the first vendor that knows them says so. #}
    {%- set views = views_of_sources('crm.leads') -%}
    {%- if views | length < 2 -%}{{ return(rows_of_sources('crm.leads')) }}{%- endif -%}
    {%- set people = ref('source_people') -%}
    {%- if not execute -%}{{ return('select 1 as parsed') }}{%- endif -%}
    {%- set physical = columns_of_views(views) -%}
    {%- set types = common_types('crm.leads', physical) -%}
    {%- set filled = types | reject('in', ['lead_id', 'do_not_contact', 'created_at', 'updated_at', '_loaded_at', '_file_name']) | list %}
with

versions as (

    {%- for vendor, view in views %}
    select
        {{ loop.index }} as vendor_number,
        '{{ vendor }}' as _source,
        coalesce(people.lead_id, rows_of_vendor.lead_id) as lead_id,
        {%- for column in types if column != 'lead_id' %}
        {{ cast_column('rows_of_vendor.' ~ column, column, types, physical[vendor]) }} as {{ column }},
        {%- endfor %}
        {{ read_column('updated_at', 'timestamp', physical[vendor].get('updated_at')) }} as moment,
        {{ read_column('created_at', 'timestamp', physical[vendor].get('created_at')) }} as created
    from {{ view }} as rows_of_vendor
    left join {{ people }} as people on rows_of_vendor.lead_id = people.vendor_lead_id
    where coalesce(people.is_main, true)
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

shared as (

    select lead_id
    from {{ people }}
    group by lead_id
    having count(distinct vendor) > 1

),

numbered as (

    select
        versions.*,
        row_number() over (
            partition by versions.lead_id, versions.vendor_number
            order by versions.moment, versions._loaded_at
        ) as version_number,
        min(versions.created) over (partition by versions.lead_id) as first_created
    from versions
    inner join shared on versions.lead_id = shared.lead_id
    where versions.moment is not null

),

moments as (

    select
        *,
        {%- for vendor, view in views %}
        max(case when vendor_number = {{ loop.index }} then version_number end) over (
            partition by lead_id order by moment
        ) as version_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from numbered

)

select
    {%- for column in types %}
    {{ column }},
    {%- endfor %}
    _source
from versions
where moment is null or lead_id not in (select lead_id from shared)
union all
select
    {%- for column in types %}
    {%- set known = [] -%}
    {%- for vendor, view in views -%}
        {%- do known.append('version_' ~ loop.index ~ '.' ~ column) -%}
    {%- endfor %}
    {% if column in filled -%}
    coalesce({{ known | join(', ') }})
    {%- elif column == 'do_not_contact' -%}
    case
        {%- for one in known %}
        when {{ read_column(one, 'boolean', types[column]) }} then cast({{ "'true'" if types[column] != 'boolean' else 'true' }} as {{ types[column] }})
        {%- endfor %}
        else coalesce({{ known | join(', ') }})
    end
    {%- elif column == 'created_at' -%}
    coalesce(cast(moments.first_created as {{ types[column] }}), moments.created_at)
    {%- else -%}
    moments.{{ column }}
    {%- endif %} as {{ column }},
    {%- endfor %}
    moments._source
from moments
{%- for vendor, view in views %}
left join numbered as version_{{ loop.index }}
    on moments.lead_id = version_{{ loop.index }}.lead_id
    and version_{{ loop.index }}.vendor_number = {{ loop.index }}
    and moments.version_{{ loop.index }} = version_{{ loop.index }}.version_number
{%- endfor %}
{%- endmacro %}


{% macro parts_of_sources() -%}
    {# What decides whose an event is, beside the events: who was merged or joined. Where it changes the
       events are folded anew. Nothing without LEADS_SOURCES. #}
    {%- for vendor, view in views_of_sources('aliases') %}
    union all
    select '{{ vendor }} ' || cast(sum(cast({{ key_of(['alias_id', 'lead_id']) }} as decimal(38, 0))) as {{ dbt.type_string() }}) as part
    from {{ view }}
    {%- endfor %}
    {%- if sources() | length > 1 %}
    union all
    select 'joined ' || cast(sum(cast({{ key_of(['vendor_lead_id', 'lead_id', 'lead_address']) }} as decimal(38, 0))) as {{ dbt.type_string() }}) as part
    from {{ ref('source_people') }}
    where joined_by is not null
    union all
    select 'names ' || cast(sum(cast({{ key_of(['name', 'email']) }} as decimal(38, 0))) as {{ dbt.type_string() }}) as part
    from {{ ref('source_names') }}
    {%- endif %}
{%- endmacro %}
