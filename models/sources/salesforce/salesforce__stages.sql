with

stages as (

    {{ read_salesforce('opportunity_stage') }}

),

deals as (

    select * from {{ ref('salesforce__opportunity_versions') }}

),

-- Where the table of stages is not there, the deals that are in a stage say what it is.
told as (

    select
        master_label as stage,
        is_closed,
        is_won,
        0 as place
    from stages
    union all
    select
        stage_name as stage,
        is_closed,
        is_won,
        1 as place
    from deals
    where is_newest and is_closed is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by stage
            order by
                place,
                case when is_closed then 0 else 1 end,
                case when is_won then 0 else 1 end
        ) as rank
    from told
    where stage is not null

)

select
    stage,
    coalesce(is_closed, false) as is_closed,
    coalesce(is_won, false) as is_won
from ranked
where rank = 1
