-- On day 0 the points ahead are today's: another arithmetic would foretell another score.
select
    candidates.as_of_date,
    candidates.model_no,
    candidates.lead_no,
    candidates.score,
    scores_ahead.score as score_ahead
from {{ ref('outlook_candidates') }} as candidates
left join {{ ref('scores_ahead') }} as scores_ahead
    on candidates.candidate_no = scores_ahead.candidate_no and scores_ahead.day = 0
where candidates.score is distinct from scores_ahead.score
