"""What belongs here: which leads are due to be handed over to sales, and which come back.

hand_overs has one row per model, lead and hand-over. A lead is handed over when it is first in a
tier that hands over, and again only after it was recycled: rejected by sales, kept out by the
state of its latest deal, cooled down to another tier, or excluded. The idempotency key says which
hand-over it is and nothing else: whatever is run again, the same hand-over has the same key.

Of a tier that does not hand over, a share of the leads is drawn to be worked all the same
(worked_anyway_pct): each of them once, where it was never handed over before. Sales keeps it,
whatever becomes of its score, until it is kept out or excluded, or comes to a tier that hands over:
then it comes back, and is handed over by its tier.

A row is released with the publication that shows it. Until then it is a plan: the next run may drop
it. From then on it stays.
"""

from datetime import date

import duckdb

# Where a later day is scored already, a day of the past decides nothing: it is over.
NEWEST_MODELS = """
create or replace temp table newest_models as
select models.model_id
from (select distinct model_id from lead_tiers where as_of_date = $as_of) as models
inner join rule_book.scored_models using (model_id)
where
    scored_models.role = 'champion'
    and models.model_id not in (select model_id from scored_days where as_of_date > $as_of);
"""

# The leads of the day, and whether sales is to have them.
DUE_LEADS = """
create or replace temp table day_leads as
with lines as (
    -- Drawn leads are worked as those of the lowest tier that hands over.
    select model_id, action, sla_hours
    from rule_book.model_tiers
    where hands_over
    qualify row_number() over (partition by model_id order by enter_at) = 1
)

select
    lead_tiers.model_id,
    lead_tiers.lead_id,
    lead_tiers.tier,
    lead_tiers.grade,
    case when model_tiers.hands_over then lead_tiers.action else line.action end as action,
    case when model_tiers.hands_over then lead_tiers.sla_hours else line.sla_hours end as sla_hours,
    scores.account_id,
    scores.score,
    coalesce(model_tiers.hands_over, false) and not scores.is_excluded as is_due,
    not scores.is_excluded
    and cool_downs.lead_id is null
    and suppressions.lead_id is null as may_be_worked,
    case
        when not model_tiers.hands_over and scores.draw < model_tiers.worked_anyway_pct
            then model_tiers.worked_anyway_pct
    end as drawn_pct,
    case
        when scores.is_excluded then scores.exclusion_reason
        when cool_downs.rejected_on is not null
            then 'rejected by sales: ' || coalesce(cool_downs.recycle_reason, 'no reason given')
        when suppressions.deal_state is not null
            then 'deal ' || suppressions.deal_state || ': ' || suppressions.reason
        else 'cooled down'
    end as recycle_reason
from lead_tiers
inner join newest_models using (model_id)
inner join scoring.tier_inputs as scores using (as_of_date, model_id, lead_id)
left join rule_book.model_tiers using (model_id, tier)
left join lines as line using (model_id)
left join intermediate.int_lead_suppressions as suppressions using (as_of_date, model_id, lead_id)
left join intermediate.int_lead_cool_downs as cool_downs
    on lead_tiers.as_of_date = cool_downs.as_of_date and lead_tiers.lead_id = cool_downs.lead_id
where lead_tiers.as_of_date = $as_of;
"""

# The day may be decided again: what it said before is forgotten first.
RECYCLE = """
update hand_overs set recycled_on = null, recycle_reason = null
where recycled_on = $as_of and model_id in (select model_id from newest_models);

update hand_overs
set
    recycled_on = $as_of,
    recycle_reason = case
        when day_leads.is_due then 'drawn, and now in the tier ' || day_leads.tier
        else day_leads.recycle_reason
    end
from day_leads
where
    hand_overs.model_id = day_leads.model_id
    and hand_overs.lead_id = day_leads.lead_id
    and hand_overs.released_at is not null
    and hand_overs.recycled_on is null
    and case
        when hand_overs.draw_probability is null then not day_leads.is_due
        else day_leads.is_due or not day_leads.may_be_worked
    end;
"""

# What was planned and never released is planned anew, and keeps the day it has been due since.
PLAN = """
create or replace temp table planned_before as
select model_id, lead_id, due_on, draw_probability is null as is_due
from hand_overs
where released_at is null and model_id in (select model_id from newest_models);

delete from hand_over_rules
where idempotency_key in (
    select idempotency_key from hand_overs
    where released_at is null and model_id in (select model_id from newest_models)
);

delete from hand_overs
where released_at is null and model_id in (select model_id from newest_models);

insert into hand_overs by name
with so_far as (
    select
        model_id,
        lead_id,
        count(*) as hand_overs,
        count(*) filter (recycled_on is null) as open_hand_overs
    from hand_overs
    group by model_id, lead_id
),

due as (
    select
        day_leads.*,
        coalesce(so_far.hand_overs, 0) + 1 as hand_over_number,
        least(coalesce(planned_before.due_on, $as_of), $as_of) as due_on
    from day_leads
    left join so_far using (model_id, lead_id)
    left join planned_before using (model_id, lead_id, is_due)
    where
        (day_leads.is_due and coalesce(so_far.open_hand_overs, 0) = 0)
        or (
            day_leads.drawn_pct is not null
            and day_leads.may_be_worked
            and so_far.hand_overs is null
        )
)

select
    sha256(concat_ws(chr(31), model_id, lead_id, hand_over_number)) as idempotency_key,
    model_id,
    lead_id,
    hand_over_number,
    due_on,
    due.account_id,
    due.tier,
    due.grade,
    due.action,
    due.sla_hours,
    due.score,
    case
        when due.drawn_pct is null then lead_scores.top_reasons
        else concat_ws(
            '; ',
            'Drawn at random to be worked all the same, as '
            || format('{:g}', cast(due.drawn_pct as double))
            || ' of 100 leads of the tier ' || due.tier,
            lead_scores.top_reasons
        )
    end as reasons,
    due.drawn_pct / 100 as draw_probability
from due
inner join lead_scores using (model_id, lead_id)
where lead_scores.as_of_date = $as_of;

insert into hand_over_rules by name
select hand_overs.idempotency_key, ledger.rule_id, ledger.points
from hand_overs
inner join lead_score_ledger as ledger using (model_id, lead_id)
where
    hand_overs.released_at is null
    and ledger.as_of_date = $as_of
    and ledger.points <> 0
    and not starts_with(ledger.rule_id, 'cap:')
    and hand_overs.model_id in (select model_id from newest_models);
"""


def decide_hand_overs(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Bring hand_overs and hand_over_rules to what lead_tiers says of the day `as_of`, in the
    transaction that is open on `connection`.

    The newest scored day of each champion decides, as often as it is run; a day in the past
    changes nothing. A lead that is not scored on the day keeps the hand-over it has: a gap in the
    CRM's feed is no reason to hand it over twice.
    """
    for statements in (NEWEST_MODELS, DUE_LEADS, RECYCLE, PLAN):
        for statement in connection.extract_statements(statements):
            given = {"as_of": as_of} if "$as_of" in statement.query else {}
            connection.execute(statement, given)
    for table in ("newest_models", "day_leads", "planned_before"):
        connection.execute(f"drop table {table}")
