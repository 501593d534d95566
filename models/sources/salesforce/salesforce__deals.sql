-- Of each deal that is there whose it is, and what it is about.
with

deals as (

    select * from {{ ref('salesforce__opportunity_versions') }}
    where is_newest

),

roles as (

    {{ read_salesforce('opportunity_contact_role') }}

),

leads as (

    select * from {{ ref('salesforce__lead_versions') }}
    where is_newest

),

people as (

    select * from {{ ref('salesforce__people') }}

),

line_items as (

    {{ read_salesforce('opportunity_line_item') }}

),

products as (

    {{ read_salesforce('product_2') }}

),

-- The main contact, else the one who was named first; else the deal's own contact; else whose
-- conversion made it.
named as (

    select
        opportunity_id,
        contact_id as record_id,
        case when is_primary then 0 else 1 end as rank,
        created_date,
        id
    from roles
    where not {{ is_gone('roles') }}
    union all
    select
        id as opportunity_id,
        contact_id as record_id,
        2 as rank,
        created_date,
        id
    from deals
    where contact_id is not null
    union all
    select
        converted_opportunity_id as opportunity_id,
        id as record_id,
        3 as rank,
        created_date,
        id
    from leads
    where converted_opportunity_id is not null

),

ranked_people as (

    select
        named.opportunity_id,
        coalesce(people.person_id, named.record_id) as person_id,
        row_number() over (
            partition by named.opportunity_id
            order by named.rank asc, named.created_date asc nulls last, named.id asc
        ) as place
    from named
    left join people on named.record_id = people.record_id
    where named.record_id is not null

),

-- Of several products the one that most money goes to.
ranked_products as (

    select
        line_items.opportunity_id,
        products.name as product,
        row_number() over (
            partition by line_items.opportunity_id
            order by
                cast({{ plain_number('line_items.total_price') }} as decimal(18, 2))
                desc nulls last,
                line_items.id asc
        ) as place
    from line_items
    inner join products on line_items.product_2_id = products.id
    where not {{ is_gone('line_items') }}

)

select
    deals.id,
    ranked_people.person_id,
    ranked_products.product,
    case when deals.is_deleted then 'was deleted' end as left_out
from deals
left join ranked_people on deals.id = ranked_people.opportunity_id and ranked_people.place = 1
left join ranked_products
    on deals.id = ranked_products.opportunity_id and ranked_products.place = 1
