with

candidates as (

    select distinct
        as_of_date,
        lead_no
    from {{ ref('outlook_candidates') }}

),

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}
    where event_count > 0

),

attribute_activities as (

    select * from {{ ref('int_attribute_activities') }}

),

attribute_rows as (

    select distinct
        attribute_no,
        measure,
        valid_from,
        valid_to
    from attribute_activities

),

row_bounds as (

    select
        attribute_no,
        valid_from as bound
    from attribute_rows
    union
    select
        attribute_no,
        valid_to as bound
    from attribute_rows

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

turning_points as (

    select
        named_attributes.attribute_no,
        turning_points.turning_point
    from {{ ref('attribute_turning_points') }} as turning_points
    inner join named_attributes on turning_points.attribute = named_attributes.attribute

),

activity_days as (

    select
        candidates.as_of_date,
        candidates.lead_no,
        attribute_activities.attribute_no,
        attribute_activities.measure,
        attribute_activities.valid_from,
        lead_activity_days.days_ago,
        lead_activity_days.age,
        attribute_activities.within_days - lead_activity_days.age as leaves_on,
        min(lead_activity_days.age) over (
            partition by
                candidates.lead_no, attribute_activities.attribute_no,
                attribute_activities.valid_from
        ) as last_age,
        sum(lead_activity_days.event_count) as event_count
    from candidates
    inner join lead_activity_days
        on
        candidates.as_of_date = lead_activity_days.as_of_date
        and candidates.lead_no = lead_activity_days.lead_no
    inner join attribute_activities
        on
        lead_activity_days.activity_no = attribute_activities.activity_no
        and lead_activity_days.age < attribute_activities.within_days
    group by
        candidates.as_of_date, candidates.lead_no, attribute_activities.attribute_no,
        attribute_activities.measure, attribute_activities.valid_from,
        lead_activity_days.days_ago, lead_activity_days.age, attribute_activities.within_days

),

-- Counts change on the days on which an activity day falls out of the window. How long ago
-- something was is another number every day: of those only the days on which something that is
-- asked of it may be answered otherwise.
change_days as (

    select
        candidates.as_of_date,
        candidates.lead_no,
        attribute_rows.attribute_no,
        0 as from_day
    from candidates
    cross join attribute_rows
    union
    select
        candidates.as_of_date,
        candidates.lead_no,
        row_bounds.attribute_no,
        {{ days_between('candidates.as_of_date', 'row_bounds.bound') }} as from_day
    from candidates
    cross join row_bounds
    union
    select
        as_of_date,
        lead_no,
        attribute_no,
        leaves_on as from_day
    from activity_days
    union
    select
        activity_days.as_of_date,
        activity_days.lead_no,
        activity_days.attribute_no,
        turning_points.turning_point - activity_days.age as from_day
    from activity_days
    inner join turning_points on activity_days.attribute_no = turning_points.attribute_no
    where
        activity_days.measure = 'days_since_first'
        or (
            activity_days.measure = 'days_since_last'
            and activity_days.age = activity_days.last_age
        )

),

spans as (

    select
        as_of_date,
        lead_no,
        attribute_no,
        from_day,
        lead(from_day, 1, {{ var('outlook_days') }} + 1) over (
            partition by lead_no, attribute_no order by from_day
        ) as until_day
    from change_days
    where from_day between 0 and {{ var('outlook_days') }}

),

counted as (

    select
        spans.lead_no,
        spans.attribute_no,
        spans.from_day,
        spans.until_day,
        attribute_rows.measure,
        {{ activity_measures('activity_days', 'activity_days.age + spans.from_day') }}
    from spans
    left join attribute_rows
        on
        spans.attribute_no = attribute_rows.attribute_no
        and {{ is_valid_on('attribute_rows', 'spans.as_of_date + spans.from_day') }}
    left join activity_days
        on
        spans.lead_no = activity_days.lead_no
        and spans.attribute_no = activity_days.attribute_no
        and attribute_rows.valid_from = activity_days.valid_from
        -- Each side of its own: else an engine compares all with all.
        and spans.from_day < activity_days.leaves_on
    group by
        spans.lead_no, spans.attribute_no, spans.from_day, spans.until_day, attribute_rows.measure

)

select
    counted.lead_no,
    counted.from_day,
    counted.until_day,
    named_attributes.attribute,
    coalesce({{ activity_measure('counted.measure', 'counted') }}, '') as value
from counted
inner join named_attributes on counted.attribute_no = named_attributes.attribute_no
