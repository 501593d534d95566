"""What belongs here: a small warehouse with the marts and rule tables that the Python steps read,
so that they are tested without dbt. The whole-run tests use the real one."""

import atexit
import functools
import shutil
import tempfile
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

AS_OF = date(2026, 6, 30)

RULES = Path(__file__).resolve().parents[2] / "seeds" / "rules"

# The shipped tiers at the time of writing; the thresholds are those of the scoring contract.
TIERS = pd.DataFrame(
    [
        ("ready_to_buy", "76", "call from a senior seller", "4", "purchase"),
        ("consider_call", "75", "call from a senior seller", "4", "consideration"),
        ("sales", "65", "call from a seller", "24", "consideration"),
        ("nurture_close", "51", "personal nurture", "72", "consideration"),
        ("nurture_warm", "50", "personal nurture", "72", "interest"),
        ("nurture", "26", "automated nurture campaign", "", "interest"),
        ("aware", "1", "automated nurture campaign", "", "awareness"),
        ("unaware", "0", "automated nurture campaign", "", "unaware"),
    ],
    columns=["tier", "enter_at", "action", "sla_hours", "stage"],
).assign(
    model_id="b2b",
    leave_below=lambda tiers: tiers["enter_at"],
    min_days_in_tier=0,
    sla_hours=lambda tiers: pd.to_numeric(tiers["sla_hours"]).astype("Int64"),
    hands_over=lambda tiers: tiers["tier"].isin(["ready_to_buy", "consider_call", "sales"]),
    capacity=pd.array([pd.NA] * 8, dtype="Int64"),
    required_fields=None,
)

GRADES = pd.DataFrame(
    [("fit", letter, at) for letter, at in [("A", "75"), ("B", "50"), ("C", "25"), ("D", "0")]]
    + [("engagement", d, at) for d, at in [("1", "75"), ("2", "50"), ("3", "25"), ("4", "0")]]
    + [("score", word, at) for word, at in [("hot", "65"), ("warm", "26"), ("cold", "0")]],
    columns=["axis", "grade", "from_score"],
).assign(model_id="b2b")

TABLES = """
create schema rules;
create table rules.models (
    model_id varchar, title varchar, goal varchar, role varchar, product varchar,
    version varchar, min_score varchar, max_score varchar
);
create schema rule_book;
create table rule_book.scored_models (model_id varchar, role varchar);
insert into rule_book.scored_models values ('b2b', 'champion');
create table rule_book.model_tiers (
    model_id varchar, tier varchar, enter_at decimal(38, 10), leave_below decimal(38, 10),
    min_days_in_tier integer, action varchar, sla_hours bigint, stage varchar, hands_over boolean,
    capacity bigint, required_fields varchar, worked_anyway_pct decimal(38, 10)
);
create schema intermediate;
create table intermediate.int_lead_cool_downs (
    as_of_date date, lead_id varchar, rejected_on date, recycle_reason varchar,
    cools_down_until date
);
create table intermediate.int_lead_suppressions (
    as_of_date date, model_id varchar, lead_id varchar, deal_state varchar, deal_state_on date,
    suppressed_until date, reason varchar
);
create table intermediate.int_as_of_dates (
    as_of_date date, known_until date, rules_sha256 varchar
);
create table intermediate.raw_row_counts (
    table_name varchar, rows_read bigint, rows_staged bigint, rows_duplicate bigint
);
insert into intermediate.raw_row_counts values
    ('crm.leads', 500, 500, 0), ('web.events', 9000, 9000, 0), ('email.events', 0, 0, 0);
create table intermediate.int_feed_measures (
    as_of_date date, table_name varchar, measure varchar, value double, row_count bigint,
    own_usual double
);
create schema scoring;
create table scoring.unmet_demands (
    as_of_date date, model_id varchar, lead_id varchar, tier varchar, missing_fields varchar
);
insert into rules.models values
    ('b2b', 'B2B', 'opens an opportunity', 'champion', '', '2026.06', '0', '100'),
    ('old', 'Old', 'opens an opportunity', 'retired', '', '2020.01', '0', '100');

create table lead_scores (
    as_of_date date, model_id varchar, lead_id varchar, model_version varchar, account_id varchar,
    owner_id varchar, demographic_points decimal(12, 4), firmographic_points decimal(12, 4),
    readiness_points decimal(12, 4), behavioral_points decimal(12, 4),
    data_quality_points decimal(12, 4), behavioral_points_undecayed decimal(12, 4),
    completeness_pct decimal(5, 2), fit_score decimal(7, 4), engagement_score decimal(7, 4),
    score decimal(12, 4), top_reasons varchar, last_activity_on date, is_excluded boolean,
    exclusion_reason varchar, reasons_for varchar, reasons_against varchar, stale_feeds varchar
);
create view scoring.tier_inputs as
select
    as_of_date, model_id, lead_id, account_id, score, fit_score, engagement_score, is_excluded,
    exclusion_reason,
    100.0 * cast('0x' || substr(md5(model_id || '|' || lead_id), 1, 6) as integer) / 16777216
        as draw
from lead_scores;
create table lead_score_ledger (
    as_of_date date, model_id varchar, lead_id varchar, rule_id varchar, dimension varchar,
    reason varchar, evidence varchar, occurred_on date, event_count bigint,
    raw_points decimal(12, 4), points decimal(12, 4)
);
create table erased_people (
    kind varchar, fingerprint varchar, salt varchar, receipt_id varchar, erased_on date
);
create table metricflow_time_spine (date_day date);
create table lead_tiers (
    as_of_date date, model_id varchar, lead_id varchar, grade varchar, temperature varchar,
    tier varchar, previous_tier varchar, tier_since date, is_new_tier boolean, stage varchar,
    action varchar, sla_hours bigint, tier_by_score varchar, tier_reason varchar
);
create table tier_cut_offs (
    as_of_date date, model_id varchar, tier varchar, enter_at decimal(12, 4), capacity bigint,
    cut_off decimal(12, 4), leads bigint, turned_away bigint
);
create table hand_overs (
    idempotency_key varchar, model_id varchar, lead_id varchar, hand_over_number bigint,
    due_on date, account_id varchar, tier varchar, grade varchar, action varchar,
    sla_hours bigint, score decimal(12, 4), reasons varchar, released_at timestamp,
    recycled_on date, recycle_reason varchar, draw_probability decimal(5, 4),
    loaded_at timestamp, scored_at timestamp
);
create table intraday_leads (lead_id varchar, loaded_at timestamp, scored_at timestamp);
create table lead_score_changes (
    as_of_date date, model_id varchar, lead_id varchar, rule_id varchar, dimension varchar,
    reason varchar, since date, points_before decimal(12, 4), points_now decimal(12, 4),
    change decimal(12, 4), kind varchar
);
create table lead_outlook (
    as_of_date date, model_id varchar, lead_id varchar, tier varchar, leave_below decimal(12, 4),
    score decimal(12, 4), drops_out_on date, score_then decimal(12, 4), because_of varchar
);
create table tier_stability (
    model_id varchar, first_day date, last_day date, flap_rate decimal(12, 4),
    flap_rate_by_score decimal(12, 4)
);
create table hand_over_rules (idempotency_key varchar, rule_id varchar, points decimal(12, 4));
create table lead_score_current (
    model_id varchar, lead_id varchar, valid_from date, score bigint, tier varchar,
    tier_since date, tier_by_score varchar
);
create table lead_score_past (
    model_id varchar, lead_id varchar, valid_from date, valid_to date, score bigint, tier varchar,
    tier_since date, tier_by_score varchar
);
create view lead_score_history as
select model_id, lead_id, valid_from, valid_to, score, tier, tier_by_score, tier_since
from lead_score_past
union all
select model_id, lead_id, valid_from, null, score, tier, tier_by_score, tier_since
from lead_score_current;
create table lead_score_history_parts (part varchar, written_id varchar);
create table scored_days (model_id varchar, as_of_date date);
create table lead_score_parts (
    as_of_date date, model_id varchar, lead_id varchar, part varchar, points decimal(12, 4),
    rules_met bigint
);
create table lead_activities (
    as_of_date date, lead_id varchar, activity varchar, seen_count bigint, event_count bigint,
    first_occurred_on date, last_occurred_on date
);
create table account_scores (
    as_of_date date, model_id varchar, account_id varchar, score decimal(12, 4), leads bigint,
    engaged_leads bigint, buying_group varchar, best_lead_id varchar
);
create table lead_unknowns (
    as_of_date date, model_id varchar, lead_id varchar, lowest_score decimal(12, 4),
    highest_score decimal(12, 4), unknown_fields varchar, lowest_tier varchar,
    highest_tier varchar, deciding_field varchar, deciding_probability decimal(5, 4)
);
create table unknown_fields (
    as_of_date date, model_id varchar, attribute varchar, leads_missing bigint,
    leads_missing_pct decimal(5, 2), leads_whose_tier_hangs_on_it bigint,
    expected_tier_changes decimal(12, 4), rank bigint
);
create table sales_forecast (
    as_of_date date, opportunity_id varchar, lead_id varchar, account_id varchar, stage varchar,
    amount decimal(18, 2), confidence_pct decimal(5, 2), forecast_amount decimal(18, 2)
);
create table forecast (
    as_of_date date, month date, product varchar, deals bigint, open_amount decimal(18, 2),
    expected decimal(18, 2), low decimal(18, 2), high decimal(18, 2),
    open_amount_unknown_stage decimal(18, 2), deals_overdue bigint, won_amount decimal(18, 2),
    target decimal(18, 2), needed_pipeline decimal(38, 2), has_needed_pipeline boolean
);
create table deal_stage_conversion (
    as_of_date date, stage varchar, deals_entered bigint, won bigint, lost bigint,
    conversion_rate decimal(5, 4)
);
create table rule_health (
    as_of_date date, model_id varchar, rule_id varchar, dimension varchar, reason varchar,
    owner varchar, points decimal(12, 4), leads_met bigint, finding varchar, finding_text varchar,
    attribute varchar, best_points decimal(12, 4), outcomes_met bigint
);
create table model_health (
    as_of_date date, model_id varchar, leads_scored bigint, outcomes bigint, warning varchar,
    rules bigint, rules_with_findings bigint, outcome_text varchar
);
create table attribute_worth (
    as_of_date date, model_id varchar, kind varchar, attribute varchar, value varchar,
    leads bigint, outcomes bigint, points_now decimal(12, 4), points_by_data decimal(12, 1),
    finding varchar
);
create table ideal_customer_profile (
    as_of_date date, model_id varchar, place bigint, attribute varchar, value varchar,
    leads bigint, outcomes bigint, share_of_outcomes decimal(5, 4),
    share_of_outcomes_low decimal(5, 4), share_of_outcomes_high decimal(5, 4),
    share_of_all decimal(5, 4), lift decimal(12, 4), weight_of_evidence decimal(12, 4),
    stands_out varchar, points_now decimal(12, 4), points_by_data decimal(12, 1), finding varchar
);
create table score_trend (
    model_id varchar, as_of_date date, first_day date, mean_score decimal(12, 4),
    hand_over_pct decimal(5, 2), mean_score_change_since_first_day decimal(12, 4),
    mean_score_change_in_30_days decimal(12, 4)
);
create table lead_funnel (
    as_of_date date, model_id varchar, position bigint, stage varchar, owner varchar,
    description varchar, leads_now bigint, leads_reached bigint, leads_of_unknown_day bigint,
    moved_on bigint, conversion_rate decimal(5, 4), conversion_low decimal(5, 4),
    conversion_high decimal(5, 4), median_days_in_stage decimal(9, 1), leads_kept_out bigint,
    kept_out_because varchar
);
create table hand_over_feedback (
    as_of_date date, model_id varchar, kind varchar, value varchar, hand_overs bigint,
    accepted bigint, rejected bigint, open bigint, acceptance_rate decimal(5, 4),
    acceptance_low decimal(5, 4), acceptance_high decimal(5, 4),
    median_response_hours decimal(9, 1), answered_within_sla_pct decimal(5, 2)
);
create table feed_health (
    as_of_date date not null, table_name varchar not null, measure varchar not null,
    value decimal(18, 4) not null, usual_low decimal(18, 4), usual_high decimal(18, 4),
    row_count bigint, verdict varchar not null, accepted_by varchar, accepted_because varchar,
    what_to_do varchar
);
create table score_health (
    as_of_date date not null, model_id varchar not null, measure varchar not null,
    value decimal(18, 4) not null, usual_low decimal(18, 4), usual_high decimal(18, 4),
    row_count bigint, verdict varchar not null, accepted_by varchar, accepted_because varchar,
    what_to_do varchar
);
create table backtest (
    model_id varchar, as_of_date date, segment varchar, metric varchar, value double, low double,
    high double, leads bigint, outcomes bigint
);
create table backtest_cohorts (
    model_id varchar, as_of_date date, outcome_key varchar, horizon_days bigint, tier varchar,
    grade varchar, score bigint, deal_stage_pct bigint, sales_activities bigint, leads bigint,
    outcomes bigint
);
create table leakage (
    as_of_date date, model_id varchar, kind varchar, name varchar, rules bigint,
    leads_with bigint, outcomes_with bigint, outcomes_moved bigint, moved_after bigint,
    backdated bigint, finding varchar, finding_text varchar
);
create table model_confidence (
    model_id varchar, fitted_on date, outcome_key varchar, kind varchar, leads bigint,
    outcomes bigint, calibration_error double, rate_expected double, rate_latest double,
    has_drifted boolean, is_recalibrated boolean, finding varchar
);
create table confidence_curves (
    model_id varchar, score bigint, deal_stage_pct bigint, sales_activities bigint,
    probability double, low double, high double
);
create table published_promises (
    as_of_date date, model_id varchar, kind varchar, name varchar, outcome_key varchar,
    leads bigint, rate decimal(5, 4), low decimal(5, 4), high decimal(5, 4)
);
create table promise_checks (
    as_of_date date, model_id varchar, kind varchar, name varchar, promised_on date, came_by date,
    counted_by varchar, leads bigint, outcomes bigint, promised_by varchar,
    promised_rate decimal(5, 4), promised_low decimal(5, 4), promised_high decimal(5, 4),
    came_rate decimal(5, 4), came_low decimal(5, 4), came_high decimal(5, 4), kept boolean
);
create table tier_promises (
    as_of_date date, model_id varchar, kind varchar, name varchar, place bigint,
    outcome_key varchar, horizon_days bigint, leads bigint, leads_of_history bigint,
    outcomes bigint, rate decimal(5, 4), low decimal(5, 4), high decimal(5, 4),
    told_apart_from_next boolean, promised_on date, promised_by varchar,
    promised_rate decimal(5, 4), promised_low decimal(5, 4), promised_high decimal(5, 4),
    counted_by varchar, came_rate decimal(5, 4), came_low decimal(5, 4), came_high decimal(5, 4),
    kept boolean
);
create table worked_anyway (
    as_of_date date, model_id varchar, lead_id varchar, tier varchar, tier_since date,
    probability decimal(5, 4), due_on date
);
create table lead_confidence (
    as_of_date date, model_id varchar, lead_id varchar, probability decimal(5, 4),
    low decimal(5, 4), high decimal(5, 4), source varchar
);
create table quarantine (
    table_name varchar, file_name varchar, line_number bigint, row_key varchar,
    column_name varchar, masked_value varchar, reason varchar, first_seen_at timestamp
);
insert into quarantine values
    ('crm.leads', 'crm/leads.csv', null, 'x1', 'created_at', '4 letters', 'is not a timestamp',
        '2026-06-30 06:00'),
    ('crm.leads', 'crm/leads.csv', null, null, 'lead_id', null, 'is missing', '2026-06-30 06:00'),
    ('web.events', 'web/events.csv', null, 'e9', 'occurred_at', '5 letters', 'is not a timestamp',
        '2026-06-30 06:00');
"""

# Scores spread over 0..100: attributes give half, activities the other half.
FILL = """
insert into lead_scores (
    as_of_date, model_id, lead_id, model_version, account_id, owner_id, demographic_points,
    firmographic_points, readiness_points, behavioral_points, data_quality_points,
    behavioral_points_undecayed, completeness_pct, fit_score, engagement_score, score, top_reasons,
    last_activity_on, is_excluded, exclusion_reason
)
select
    $as_of, 'b2b', 'L' || lpad(i::varchar, 6, '0'), '2026.06', 'A' || (i % 40),
    'S' || (i % 7),
    0, round(s / 2, 4), 0, s - round(s / 2, 4), 0, s, 80,
    least(100, s), case when i % 50 = 0 then null else 100 - s end, s,
    'Company of a fitting size (+' || round(s / 2, 1) || ')',
    $as_of - (i % 60)::integer,
    i % 25 = 0, case when i % 25 = 0 then 'is a competitor' end
from (
    select i, (hash(i + $seed) % 1000000 / 10000)::decimal(12, 4) as s
    from range($leads) as t (i)
);
"""

LEDGER = """
insert into lead_score_ledger
select
    as_of_date, model_id, lead_id, 'company_size', 'firmographic',
    'Company of a fitting size', 'company of 80', null, null, firmographic_points,
    firmographic_points
from lead_scores
union all
select
    as_of_date, model_id, lead_id, 'visit_' || (hash(lead_id) % 7), 'behavioral',
    'Looked at the prices', 'Looked at the prices <b>twice</b>', last_activity_on, 2,
    behavioral_points, behavioral_points
from lead_scores;
insert into lead_score_parts
select as_of_date, model_id, lead_id, 'company_size', firmographic_points, 1 from lead_scores;
insert into lead_activities
select as_of_date, lead_id, 'visit', 3, 2, last_activity_on, last_activity_on from lead_scores;
insert into account_scores
select as_of_date, model_id, account_id, max(score), count(*), 1, 'sales', max_by(lead_id, score)
from lead_scores group by all;
insert into lead_unknowns
select
    as_of_date, model_id, lead_id, score - 1, score + 2, 'phone', 'nurture', 'sales', 'phone', 0.25
from lead_scores;
insert into unknown_fields
select as_of_date, model_id, 'phone', count(*), 100, count(*), count(*) / 4, 1
from lead_scores group by all;
insert into sales_forecast
select as_of_date, 'O' || lead_id, lead_id, account_id, 'discovery', 10000, 20, 2000
from lead_scores
where lead_id < 'L000010';
"""

# What marketing and sales look at, written down.
MEETING = """
insert into intermediate.int_as_of_dates values ($as_of, date '9999-12-31', null);
insert into model_health values ($as_of, 'b2b', 288, 40, null, 8, 3, 'a <won> opportunity');
insert into rule_health values
    ($as_of, 'b2b', 'company_size', 'firmographic', 'Fitting <i>size</i>', 'revops', 5, 288,
        'always_fires', 'All 288 leads meet it, so that it tells none from another.', 'size', 5,
        40),
    ($as_of, 'b2b', 'visit_1', 'behavioral', 'A visit', 'demand_gen', -2.5, 41,
        'points_the_wrong_way', 'Worth -2.5 points, but 30 % & more.', null, null, 4),
    ($as_of, 'b2b', 'visit_2', 'behavioral', 'A visit', 'demand_gen', 4, 3, 'too_few_outcomes',
        'Met by 3 of 288 leads.', null, null, 1),
    ($as_of, 'b2b', 'visit_3', 'behavioral', 'A visit', 'demand_gen', 4, 50, null, null, null,
        null, 9);
insert into attribute_worth values
    ($as_of, 'b2b', 'value', 'country', 'de', 90, 20, 4, 2.5, null);
insert into score_trend values ('b2b', $as_of, $as_of - 40, 48.5, 34.5, 1.25, -0.75);
insert into ideal_customer_profile values
    ($as_of, 'b2b', 1, 'industry', '<software>', 120, 60, 0.6, 0.502, 0.6906, 0.3, 2, 1.1, 'more',
        3, 5.5, null),
    ($as_of, 'b2b', 2, 'country', 'es', 100, 25, 0.25, 0.1755, 0.343, 0.25, 1, 0, null, 0, 0, null),
    ($as_of, 'b2b', 3, 'country', 'fr', 60, 2, 0.02, 0.0055, 0.07, 0.15, 0.1333, -2.3, 'less', 2,
        -9, 'points_the_wrong_way');
insert into lead_funnel values
    ($as_of, 'b2b', 1, 'interest', 'marketing', 'Comes <b>back</b>', 200, 340, 40, 100, 0.3333,
        0.2823, 0.3886, 12.5, 4, 'deal lost: <said> no (4)'),
    ($as_of, 'b2b', 2, 'handed_over', 'sales', 'Given', 100, 100, 0, null, null, null, null, null,
        0, null);
insert into forecast values
    ($as_of, $as_of + 1, 'all products', 9, 90000, 18000, 2500, 33500, 700, 2, 1500, 20000, 92500,
        false),
    ($as_of, $as_of + 1, '<crm>', 9, 90000, 18000, 2500, 33500, 700, 2, 1500, null, null, null);
insert into deal_stage_conversion values ($as_of, 'discovery', 30, 10, 15, 0.4);
insert into hand_over_feedback values
    ($as_of, 'b2b', 'all', 'all hand-overs', 100, 30, 20, 50, 0.6, 0.4618, 0.7239, 20.5, 62.5),
    ($as_of, 'b2b', 'tier', 'sales', 100, 30, 20, 50, 0.6, 0.4618, 0.7239, 20.5, 62.5),
    ($as_of, 'b2b', 'deal', 'deal lost: <said> no', 7, 1, 0, 6, 1, 0.2065, 1, null, null),
    ($as_of, 'b2b', 'rule', 'visit_3', 50, 3, 0, 47, 1, 0.4385, 1, null, null),
    ($as_of, 'b2b', 'rule', 'visit_4', 9, 0, 0, 9, null, null, null, null, null),
    ($as_of, 'b2b', 'reason', 'no <budget>', 20, 0, 20, 0, null, null, null, 20.5, 62.5);
"""

# What a back-test has found: a tier that kept its promise, one that broke it, and one of few leads.
EVIDENCE = """
insert into model_confidence values
    ('b2b', $as_of, 'opportunity', 'logistic', 900, 90, 0.0125, 0.1, 0.2, true, true,
        'The rate <drifted>: probabilities are moved.');
insert into backtest values
    ('b2b', $as_of - 90, 'all', 'auc', 0.75, 0.7, 0.8, 900, 90),
    ('b2b', $as_of, 'all', 'auc', 0.75, 0.7, 0.8, 900, 90);
insert into backtest
select 'b2b', $as_of, 'decile=' || i, 'gain', sqrt(i / 10), null, null, 90 * i, 9 * i
from range(1, 11) as tenths (i);
insert into backtest values
    ('b2b', $as_of, 'probability=0.05-0.10', 'stated', 0.08, null, null, 450, 30),
    ('b2b', $as_of, 'probability=0.05-0.10', 'conversion', 0.0667, 0.04, 0.1, 450, 30),
    ('b2b', $as_of, 'probability=0.10-0.20', 'stated', 0.15, null, null, 450, 60),
    ('b2b', $as_of, 'probability=0.10-0.20', 'conversion', 0.1333, 0.1, 0.17, 450, 60);
insert into backtest_cohorts values
    ('b2b', $as_of - 90, 'opportunity', 90, 'nurture', 'C3', 30, 0, 0, 500, 20),
    ('b2b', $as_of - 90, 'opportunity', 90, 'sales', 'A1', 70, 0, 0, 400, 70);
insert into leakage values
    ($as_of, 'b2b', 'attribute', 'contract <b>', 1, 80, 80, 80, 80, 0,
        'only_of_those_with_the_outcome', 'Of the 80 leads that have it, 80 had their <outcome>.');
insert into tier_promises values
    ($as_of, 'b2b', 'tier', 'ready_to_buy', 3, 'opportunity', 90, 12, 0, 6, null, null, null, null,
        null, null, null, null, null, null, null, null, null, null),
    ($as_of, 'b2b', 'tier', 'sales', 2, 'opportunity', 90, 400, 100, 70, 0.175, 0.14, 0.21, true,
        $as_of - 90, 'publication', 0.16, 0.12, 0.2, 'history', 0.18, 0.15, 0.22, true),
    ($as_of, 'b2b', 'tier', 'nurture', 1, 'opportunity', 90, 500, 0, 20, 0.04, 0.03, 0.06, null,
        $as_of - 90, 'past_days', 0.1, 0.08, 0.12, 'backtest', 0.04, 0.03, 0.06, false);
insert into promise_checks values
    ($as_of, 'b2b', 'tier', 'sales', $as_of - 90, $as_of, 'history', 100, 18, 'publication', 0.16,
        0.12, 0.2, 0.18, 0.15, 0.22, true),
    ($as_of, 'b2b', 'tier', 'sales', $as_of - 120, $as_of - 30, 'history', 12, 2, null, null, null,
        null, null, null, null, null),
    ($as_of, 'b2b', 'tier', 'nurture', $as_of - 90, $as_of, 'backtest', 500, 20, 'past_days', 0.1,
        0.08, 0.12, 0.04, 0.03, 0.06, false);
"""

# What the raw tables look like every day.
MEASURES = """
insert into intermediate.int_feed_measures values
    ($as_of, 'crm.leads', 'rows', 500, 500, null),
    ($as_of, 'crm.leads', 'quarantined_share', 0.004, 500, null),
    ($as_of, 'crm.leads', 'filled_email', 0.95, 400, null),
    ($as_of, 'web.events', 'rows', 9000, 9000, null),
    ($as_of, 'web.events', 'occurred_per_day', 150, 1050, 148),
    ($as_of, 'web.events', 'days_since_loaded', 0, null, null),
    ($as_of, 'email.events', 'rows', 0, 0, null);
"""

FILLED = [
    "lead_scores", "lead_score_ledger", "lead_score_parts", "lead_activities", "account_scores",
    "lead_unknowns", "unknown_fields", "sales_forecast", "model_health", "rule_health",
    "score_trend", "lead_funnel", "hand_over_feedback", "forecast", "deal_stage_conversion",
    "attribute_worth", "ideal_customer_profile", "intermediate.int_as_of_dates",
    "intermediate.int_feed_measures",
]  # fmt: skip

# What the dbt model of this name does.
SCORED_LEADS = """
create or replace table scored_leads as
select
    s.*,
    cast(null as varchar) as duplicate_of,
    t.grade, t.temperature, t.tier, t.previous_tier, t.tier_since, t.is_new_tier, t.stage, t.action,
    t.sla_hours, t.tier_by_score, t.tier_reason
from lead_scores as s
left join lead_tiers as t using (as_of_date, model_id, lead_id)
where s.as_of_date = (select max(as_of_date) from lead_scores);
"""


def build_warehouse(
    path: Path, *, leads: int = 400, as_of: date = AS_OF, seed: int = 1, tiered: bool = True
) -> Path:
    """A warehouse file at `path` (made anew) with `leads` scored, and tiered where asked for. It is
    a copy of one that this process has made once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    shutil.copyfile(_make_warehouse(leads, as_of, seed, tiered), path)
    return path


@functools.cache
def _make_warehouse(leads: int, as_of: date, seed: int, tiered: bool) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="warehouse-"))
    atexit.register(shutil.rmtree, folder)
    path = folder / "leads.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES)
        connection.register("tiers", TIERS)
        connection.execute("insert into rule_book.model_tiers by name from tiers")
        connection.execute(
            f"""
            create table rule_book.health_limits as
            select
                file_name, coalesce(table_name, '') as table_name, measure, verdict, falls_to,
                rises_to, moves_by, at_least, at_most,
                coalesce(from_rows, from_leads, 0) as from_rows
            from (
                select 'feeds' as file_name, * from read_csv('{RULES}/feeds.csv')
                union all by name
                select 'score_limits' as file_name, * from read_csv('{RULES}/score_limits.csv')
            )
            """
        )
        connection.execute(
            f"""
            create table rule_book.gate_limits as
            select 'b2b' as model_id, condition, "limit" as limit_value
            from read_csv('{RULES}/gate.csv')
            """
        )
        connection.execute("create table rules.tiers as from tiers")
        connection.register("grades", GRADES).execute("create table rules.grades as from grades")
        fill_scores(connection, leads=leads, as_of=as_of, seed=seed)
        if tiered:
            fill_tiers(connection)
    return path


TESTED = [
    "model_confidence", "backtest", "backtest_cohorts", "leakage", "tier_promises",
    "promise_checks",
]  # fmt: skip


def fill_scores(
    connection: duckdb.DuckDBPyConnection, *, leads: int, as_of: date = AS_OF, seed: int = 1
) -> None:
    """The scores and the ledger of one day, in place of what is there."""
    for mart in FILLED:
        connection.execute(f"delete from {mart}")
    connection.execute(FILL, {"as_of": as_of, "leads": leads, "seed": seed})
    connection.execute(LEDGER)
    for statement in (MEETING + MEASURES).strip().removesuffix(";").split(";"):
        connection.execute(statement, {"as_of": as_of})


def fill_tiers(connection: duckdb.DuckDBPyConnection) -> None:
    """The tiers of that day, scored_leads, and what a back-test found."""
    from orchestration.lib.decided.tiers import write_tiers

    as_of = max(write_tiers(connection))
    connection.execute(SCORED_LEADS)
    for table in TESTED:
        connection.execute(f"delete from {table}")
    for statement in EVIDENCE.strip().removesuffix(";").split(";"):
        connection.execute(statement, {"as_of": as_of})


def change(path: Path, sql: str) -> None:
    """Run `sql` on the warehouse at `path`."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(sql)
