-- On day 0 the points ahead are today's: another arithmetic would foretell another score.
select
    candidates.as_of_date,
    candidates.model_no,
    candidates.lead_no,
    candidates.score,
    projected_scores.score as projected_score
from {{ ref('outlook_candidates') }} as candidates
left join {{ ref('projected_scores') }} as projected_scores
    on candidates.candidate_no = projected_scores.candidate_no and projected_scores.day = 0
where candidates.score is distinct from projected_scores.score
