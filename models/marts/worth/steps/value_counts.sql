with

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

lead_attributes as (

    select * from {{ ref('int_lead_attributes') }}

),

lead_classes as (

    select * from {{ ref('lead_outcome_classes') }}

),

outcome_classes as (

    select * from {{ ref('outcome_classes') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

scoped_attributes as (

    select * from {{ ref('scoped_attributes') }}
    where kind = 'activities'

),

personal_attributes as (

    select attribute from {{ ref('attributes') }}
    where is_personal = 'true'

),

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

value_points as (

    select value_points.*
    from {{ ref('value_points') }} as value_points
    cross join newest_day
    where {{ is_valid_on('value_points', 'newest_day.as_of_date') }}

),

-- Counted once per class of leads, not once per model. Who somebody is, or which company, is no
-- kind of lead: of these it counts only that they are missing.
values_of_classes as (

    select
        lead_attributes.attribute,
        lead_attributes.value,
        lead_classes.class_no,
        count(*) as leads
    from lead_attributes
    inner join newest_day on lead_attributes.as_of_date = newest_day.as_of_date
    inner join lead_classes on lead_attributes.lead_no = lead_classes.lead_no
    left join personal_attributes on lead_attributes.attribute = personal_attributes.attribute
    where
        lead_attributes.value = ''
        or (
            personal_attributes.attribute is null
            and lead_attributes.attribute not in (
                'lead_id', 'account_id', 'account_name', 'account_domain', 'company_name',
                'company_domain', 'email_domain', 'ip_organization'
            )
        )
    group by lead_attributes.attribute, lead_attributes.value, lead_classes.class_no

),

shared_values as (

    select
        attribute,
        value,
        sum(leads) as leads
    from values_of_classes
    group by attribute, value
    having sum(leads) >= (select limits.rule_leads_needed from {{ ref('thresholds') }} as limits)

),

-- Numbers and days are left to the bands of the rules.
ranked_values as (

    select
        attribute,
        value,
        row_number() over (partition by attribute order by leads desc, value asc) as place
    from shared_values
    where {{ read_number('value') }} is null and {{ read_date('value') }} is null

),

frequent_values as (

    select values_of_classes.*
    from values_of_classes
    inner join ranked_values
        on
        values_of_classes.attribute = ranked_values.attribute
        and values_of_classes.value = ranked_values.value
    where ranked_values.place <= 100

),

attributes_of_models as (

    select
        scored_models.model_no,
        named_attributes.attribute as attribute_key,
        named_attributes.written_attribute as attribute
    from named_attributes
    cross join scored_models
    where named_attributes.kind is null
    union all
    select
        model_no,
        attribute_key,
        attribute
    from scoped_attributes

),

points_of_values as (

    select
        value_points.model_no,
        attribute_values.attribute,
        attribute_values.value,
        sum(value_points.points) as points_now
    from value_points
    inner join attribute_values on value_points.value_no = attribute_values.value_no
    group by value_points.model_no, attribute_values.attribute, attribute_values.value

),

counted as (

    select
        outcome_classes.model_no,
        outcome_classes.model_id,
        attributes_of_models.attribute,
        frequent_values.attribute as attribute_key,
        frequent_values.value,
        sum(frequent_values.leads) as leads,
        sum(case when outcome_classes.has_outcome then frequent_values.leads else 0 end) as outcomes
    from frequent_values
    inner join outcome_classes on frequent_values.class_no = outcome_classes.class_no
    inner join attributes_of_models
        on
        frequent_values.attribute = attributes_of_models.attribute_key
        and outcome_classes.model_no = attributes_of_models.model_no
    group by
        outcome_classes.model_no, outcome_classes.model_id, attributes_of_models.attribute,
        frequent_values.attribute, frequent_values.value

)

select
    counted.model_id,
    counted.attribute,
    counted.value,
    counted.leads,
    counted.outcomes,
    coalesce(points_of_values.points_now, 0) as points_now
from counted
left join points_of_values
    on
    counted.model_no = points_of_values.model_no
    and counted.attribute_key = points_of_values.attribute
    and counted.value = points_of_values.value
