-- On day 0 the points ahead are today's: another arithmetic would foretell another score.
select
    leads_at_stake.as_of_date,
    leads_at_stake.model_id,
    leads_at_stake.lead_id,
    leads_at_stake.score,
    scores_ahead.score as score_ahead
from {{ ref('leads_at_stake') }} as leads_at_stake
left join {{ ref('scores_ahead') }} as scores_ahead
    on
    leads_at_stake.as_of_date = scores_ahead.as_of_date
    and leads_at_stake.as_of_date = scores_ahead.ahead_on
    and leads_at_stake.model_id = scores_ahead.model_id
    and leads_at_stake.lead_id = scores_ahead.lead_id
where leads_at_stake.score is distinct from scores_ahead.score
