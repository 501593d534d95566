"""What belongs here: that the CRM holds what the live publication says: what changed and nothing
else, whatever goes wrong on the way, and that nothing that is told of it holds a secret or a value
of the CRM's answer."""

import json
import re
import sqlite3
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
from commands import run_leads
from crms import (
    CLIENT_SECRET,
    TOKEN,
    HubSpotHandler,
    SalesforceHandler,
    cut,
    delay,
    publish_leads,
    run_crm,
    say,
)
from fake_warehouse import build_warehouse, change
from hypothesis import example, given, settings
from hypothesis import strategies as st
from receivers import NOW, PROJECT

from orchestration.defs.hand_over import write_back_sensor
from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.delivered import record_delivery
from orchestration.lib.delivered.crm import Result, Verdict
from orchestration.lib.delivered.delivery import MAX_ATTEMPTS, describe_delivery, read_outbox
from orchestration.lib.delivered.hubspot import load_hubspot
from orchestration.lib.delivered.outbox import find_outbox, open_outbox, replay_dead
from orchestration.lib.delivered.record_delivery import (
    describe_preview,
    load_crms,
    preview,
    write_all,
    write_due,
)
from orchestration.lib.delivered.records import NOT_LIVE, claim_records, forget_accepted
from orchestration.lib.delivered.release import PAYLOAD_COLUMNS
from orchestration.lib.delivered.salesforce import load_salesforce
from orchestration.lib.delivered.write_back import Plan
from orchestration.lib.published.live import find_live
from orchestration.lib.published.publication import publish, roll_back

SCORE = """crm,property,model_id,mart_column,decimals,description
hubspot,lead_score,,scored_leads.score,0,
hubspot,lead_tier,,scored_leads.tier,,
salesforce,Lead_Score__c,,scored_leads.score,0,
"""
L1, L2, L3 = (f"00Q00000000000{n}AAA" for n in (1, 2, 3))
C1 = "003000000000009AAA"


@pytest.fixture
def outbox(tmp_path):
    return tmp_path / "leads.outbox.sqlite"


@pytest.fixture
def hubspot():
    with run_crm(HubSpotHandler) as running:
        running.properties = {"lead_score", "lead_tier"}
        yield running


@pytest.fixture
def salesforce():
    with run_crm(SalesforceHandler) as running:
        running.properties = {"Lead_Score__c"}
        yield running


def write(outbox, crm, live, *, after=0.0, slept=None, **options):
    """Write at a time so many seconds after NOW; how many records were left in which state."""
    return dict(write_fully(outbox, crm, live, after=after, slept=slept, **options).states)


def write_fully(outbox, crm, live, *, after=0.0, slept=None, **options):
    pauses = slept if slept is not None else []
    return write_due(
        outbox,
        crm,
        live if callable(live) else lambda: live,
        clock=lambda: NOW + timedelta(seconds=after + sum(pauses)),
        sleep=pauses.append,
        **options,
    )


def count_states(outbox, receiver="hubspot"):
    return {k: v for k, v in read_outbox(outbox)["records"][receiver]["states"].items() if v}


def list_dead(outbox, receiver="hubspot"):
    dead = read_outbox(outbox)["records"][receiver]["dead"]
    return {row["idempotency_key"]: row["last_error"] for row in dead}


# What is written


def test_only_what_changed_is_written_in_batches_of_a_hundred(tmp_path, outbox, hubspot):
    scores = {f"hubspot:{n}": 50.4 for n in range(250)}
    hubspot.records = {str(n): {} for n in range(250)}
    first = publish_leads(tmp_path, scores, mapping=SCORE)
    assert write(outbox, hubspot.hubspot(), first) == {"delivered": 250}
    assert hubspot.sizes == [100, 100, 50]
    assert hubspot.records["7"] == {"lead_score": "50", "lead_tier": "sales"}
    assert write(outbox, hubspot.hubspot(), first, after=1e6) == {}
    # 50.4 and 50.3 are the same to who reads whole scores.
    scores |= {"hubspot:1": 50.3, "hubspot:2": 61.2}
    second = publish_leads(tmp_path, scores, number=2, mapping=SCORE)
    assert write(outbox, hubspot.hubspot(), second) == {"delivered": 1}
    assert hubspot.writes[250:] == [("2", {"lead_score": "61"})]


def test_the_shipped_mapping_writes_hand_overs_that_are_with_sales(tmp_path, outbox, hubspot):
    hubspot.properties = {
        "lead_score", "lead_tier", "lead_tier_since", "lead_grade", "lead_score_reasons",
        "lead_action", "lead_hand_over_due_on", "lead_hand_over_reasons",
    }  # fmt: skip
    hubspot.records = {str(n): {} for n in range(1, 6)}
    hand_over = "('k{0}', 'b2b', '{1}', {2}, '2026-06-{0}', 'sales', 70, 'Why {0}', null, {3})"
    rows = [
        hand_over.format(11, 1, 1, "null"),
        # Came back: also the one before it is none any more.
        hand_over.format(12, 2, 1, "null"),
        hand_over.format(13, 2, 2, "date '2026-06-20'"),
        hand_over.format(14, 3, 1, "null"),
        # Of another model, which holds its own back.
        hand_over.format(15, 4, 1, "null").replace("'b2b'", "'other'"),
    ]
    live = publish_leads(
        tmp_path,
        {str(n): 70 for n in range(1, 6)},
        sql=f"insert into hand_overs values {', '.join(rows)};"
        "update scored_leads set is_excluded = true, tier = null where lead_id = '3'",
        held=("other",),
    )
    assert write(outbox, hubspot.hubspot(), live) == {"delivered": 5}
    assert hubspot.records["1"] == {
        "lead_score": "70",
        "lead_tier": "sales",
        "lead_tier_since": "2026-06-30",
        "lead_grade": "B1",
        "lead_score_reasons": "Met with a seller",
        "lead_action": "call from a seller",
        "lead_hand_over_due_on": "2026-06-11",
        "lead_hand_over_reasons": "Why 11",
    }
    assert {id: one["lead_hand_over_due_on"] for id, one in hubspot.records.items()} == {
        "1": "2026-06-11", "2": "", "3": "", "4": "", "5": "",
    }  # fmt: skip
    assert hubspot.records["3"]["lead_tier"] == ""


def test_a_model_whose_hand_overs_are_held_back_is_not_written(tmp_path, outbox, hubspot):
    hubspot.records = {"1": {}}
    assert write(outbox, hubspot.hubspot(), publish_leads(tmp_path, {"1": 10}, mapping=SCORE))
    held = publish_leads(tmp_path, {"1": 90}, number=2, mapping=SCORE, held=("b2b",))
    assert write(outbox, hubspot.hubspot(), held) == {}
    accepted = publish_leads(tmp_path, {"1": 91}, number=3, mapping=SCORE)
    assert write(outbox, hubspot.hubspot(), accepted) == {"delivered": 1}
    assert [values["lead_score"] for _, values in hubspot.writes] == ["10", "91"]


def test_leads_of_other_sources_are_left_out_and_counted(tmp_path, outbox, hubspot, salesforce):
    hubspot.records, salesforce.records = {"501": {}, "502": {}}, {L1: {}}
    leads = dict.fromkeys(["hubspot:501", "502", f"salesforce:{L1}", "marketo:7", "L9", "501"], 5)
    live = publish_leads(tmp_path, leads, mapping=SCORE)
    assert write(outbox, hubspot.hubspot(), live) == {"delivered": 2}
    assert read_outbox(outbox)["records"]["hubspot"]["left_out"] == {
        "of marketo": 1,
        "of salesforce": 1,
        "that are a record which another lead is": 1,
        "whose id is none of HubSpot's": 1,
    }
    several = [hubspot.hubspot(takes_bare_ids=False), salesforce.salesforce(takes_bare_ids=False)]
    told = [preview(outbox, crm, live) for crm in several]
    assert [one.left_out["without a source, of which there are several"] for one in told] == [3, 3]
    assert write(outbox, several[1], live) == {"delivered": 1}
    assert salesforce.records == {L1: {"Lead_Score__c": 5}}


def test_a_newer_value_takes_the_place_of_one_that_waits(tmp_path, outbox, hubspot):
    hubspot.records = {"1": {}}
    hubspot.faults = [say(500)]
    first = publish_leads(tmp_path, {"1": 10}, mapping=SCORE)
    assert write(outbox, hubspot.hubspot(), first) == {"pending": 1}
    second = publish_leads(tmp_path, {"1": 20}, number=2, mapping=SCORE)
    assert write(outbox, hubspot.hubspot(), second, after=60) == {"delivered": 1}
    assert hubspot.writes == [("1", {"lead_score": "20", "lead_tier": "sales"})]


def test_a_newer_value_that_comes_while_one_is_sent_is_sent_after_it(tmp_path, outbox, hubspot):
    hubspot.records = {"1": {}}
    lives = [publish_leads(tmp_path, {"1": n}, number=n, mapping=SCORE) for n in (1, 2)]

    def publish_meanwhile(_handler, work):
        with open_outbox(outbox) as connection:
            assert claim_records(connection, "hubspot", limit=9, at=NOW) == []
        from orchestration.lib.delivered.record_delivery import bring_up_to_date

        with open_outbox(outbox) as connection:
            bring_up_to_date(connection, hubspot.hubspot(), lives[1], at=NOW)
            assert claim_records(connection, "hubspot", limit=9, at=NOW) == []
        lives.reverse()
        work()

    hubspot.faults = [publish_meanwhile]
    assert write(outbox, hubspot.hubspot(), lambda: lives[0]) == {"delivered": 2}
    assert [values for _, values in hubspot.writes] == [
        {"lead_score": "1", "lead_tier": "sales"},
        {"lead_score": "2"},
    ]


def test_nothing_is_written_of_a_publication_that_is_not_live(tmp_path, outbox, hubspot):
    hubspot.records = {"1": {}, "2": {}}
    good = publish_leads(tmp_path, {"1": 10}, mapping=SCORE)
    bad = publish_leads(tmp_path, {"1": 99, "2": 99}, number=2, mapping=SCORE)
    assert write(outbox, hubspot.hubspot(), good) == {"delivered": 1}
    hubspot.faults = [say(503)]
    assert write(outbox, hubspot.hubspot(), bad) == {"pending": 2}
    # Rolled back: who may have been told of it is told the good one, nobody else anything.
    assert write(outbox, hubspot.hubspot(), good, after=60) == {"delivered": 1}
    assert hubspot.records == {"1": {"lead_score": "10", "lead_tier": "sales"}, "2": {}}
    with open_outbox(outbox) as connection:
        rows = connection.execute("select state, last_error from messages order by 1").fetchall()
    assert rows == [("delivered", None), ("withdrawn", NOT_LIVE)]
    assert write(outbox, hubspot.hubspot(), lambda: None, after=99) == {}
    # What the CRM had taken of it is taken back.
    assert write(outbox, hubspot.hubspot(), bad, after=99) == {"delivered": 2}
    assert write(outbox, hubspot.hubspot(), good, after=99) == {"delivered": 1}
    assert hubspot.records["1"]["lead_score"] == "10"


# Faults


@pytest.mark.parametrize("fault", [cut, delay(1.5)])
def test_an_answer_that_is_lost_is_followed_by_the_same_values(tmp_path, outbox, hubspot, fault):
    hubspot.records = {str(n): {} for n in range(3)}
    live = publish_leads(tmp_path, {str(n): n for n in range(3)}, mapping=SCORE)
    hubspot.faults = [fault]
    assert write(outbox, hubspot.hubspot(), live) == {"pending": 3}
    [error] = {row[0] for row in query(outbox, "select distinct last_error from messages")}
    assert error.startswith("no answer")
    # Back to what the CRM was told last: it may hold the lost value all the same.
    assert write(outbox, hubspot.hubspot(), live, after=60) == {"delivered": 3}
    first, last = (body for _, _, body in hubspot.calls)
    assert first == last
    assert {id: one["lead_score"] for id, one in hubspot.records.items()} == {
        "0": "0", "1": "1", "2": "2",
    }  # fmt: skip


def test_a_lost_value_is_taken_back_though_the_crm_never_confirmed_it(tmp_path, outbox, hubspot):
    hubspot.records = {"1": {}}
    good = publish_leads(tmp_path, {"1": 10}, mapping=SCORE)
    bad = publish_leads(tmp_path, {"1": 99}, number=2, mapping=SCORE)
    write(outbox, hubspot.hubspot(), good)
    hubspot.faults = [cut]
    assert write(outbox, hubspot.hubspot(), bad) == {"pending": 1}
    assert hubspot.records["1"]["lead_score"] == "99"
    assert write(outbox, hubspot.hubspot(), good, after=60) == {"delivered": 1}
    assert hubspot.records["1"]["lead_score"] == "10"


def query(outbox, sql):
    with open_outbox(outbox) as connection:
        return connection.execute(sql).fetchall()


def test_a_server_that_is_down_is_asked_three_times_and_kills_no_record(tmp_path, outbox, hubspot):
    hubspot.records = {str(n): {} for n in range(450)}
    live = publish_leads(tmp_path, {str(n): n for n in range(450)}, mapping=SCORE)
    hubspot.faults = [say(500)] * 3
    stopped = write_fully(outbox, hubspot.hubspot(), live)
    assert (stopped.states, stopped.put_off) == ({"pending": 300}, 450)
    assert re.search(
        r" Stopped after 3 failures in a row, the last one: answered 500 Internal Server Error\. "
        r"450 more wait until 06:0\d:\d\d UTC and have lost no attempt\.$",
        describe_delivery(stopped),
    )
    assert write(outbox, hubspot.hubspot(), live, after=29) == {}
    hubspot.faults = [say(500)] * 99
    for day in range(1, MAX_ATTEMPTS + 3):
        assert set(write(outbox, hubspot.hubspot(), live, after=86_400 * day)) == {"pending"}
    hubspot.faults = []
    assert write(outbox, hubspot.hubspot(), live, after=86_400 * 99) == {"delivered": 450}


def test_too_many_calls_are_waited_for_as_long_as_is_asked(tmp_path, outbox, hubspot):
    hubspot.records = {str(n): {} for n in range(150)}
    live = publish_leads(tmp_path, {str(n): n for n in range(150)}, mapping=SCORE)
    slept = []
    hubspot.faults = [
        say(429, {"policyName": "TEN_SECONDLY_ROLLING"}),
        say(429, {}, Retry_After="3"),
    ]
    assert write(outbox, hubspot.hubspot(), live, slept=slept) == {"delivered": 150}
    assert slept == [10, 3]
    assert query(outbox, "select distinct attempts from messages") == [(0,)]


def test_a_long_quiet_is_kept_and_costs_no_attempt(tmp_path, outbox, hubspot):
    hubspot.records = {str(n): {} for n in range(3)}
    live = publish_leads(tmp_path, {str(n): n for n in range(3)}, mapping=SCORE)
    hubspot.faults = [say(429, {"policyName": "DAILY"}, Retry_After="7200")]
    stopped = write_fully(outbox, hubspot.hubspot(), live)
    assert describe_delivery(stopped) == (
        "Delivered 0; to be tried again 0; dead 0. Stopped: answered 429 Too Many Requests. 3 more"
        " wait until 08:00:00 UTC and have lost no attempt."
    )
    newer = publish_leads(tmp_path, {str(n): n + 1 for n in range(3)}, number=2, mapping=SCORE)
    assert write(outbox, hubspot.hubspot(), newer, after=7199) == {}
    assert len(hubspot.calls) == 1
    assert query(outbox, "select distinct attempts, in_doubt from messages") == [(0, None)]
    assert write(outbox, hubspot.hubspot(), newer, after=7200) == {"delivered": 3}


def test_one_record_that_is_wrong_does_not_stop_the_others(tmp_path, outbox, hubspot):
    leads = {str(n): float(n) for n in range(100)}
    hubspot.records = {str(n): {} for n in range(100) if n != 7}
    hubspot.merged = {"8"}
    hubspot.options = {"lead_tier": {"sales"}}
    live = publish_leads(
        tmp_path,
        leads,
        mapping=SCORE,
        sql="update scored_leads set tier = 'Dear Ann Lee' where lead_id = '55'",
    )
    assert write(outbox, hubspot.hubspot(), live) == {"delivered": 97, "dead": 3}
    assert list_dead(outbox) == {
        "hubspot:55": "refused: INVALID_OPTION (lead_tier)",
        "hubspot:7": "refused: OBJECT_NOT_FOUND",
        "hubspot:8": "merged: the answer does not hold it",
    }
    # The culprit of the batch was found by halves; nobody was written twice.
    assert len(hubspot.writes) == len({id for id, _ in hubspot.writes}) == 97
    assert len(hubspot.calls) < 20
    assert write(outbox, hubspot.hubspot(), live, after=1e6) == {}
    hubspot.options = {}
    with open_outbox(outbox) as connection:
        assert replay_dead(connection, "hubspot:55", at=NOW) == 1
    assert write(outbox, hubspot.hubspot(), live) == {"delivered": 1}


def test_where_every_record_is_refused_three_are_enough(tmp_path, outbox, hubspot):
    hubspot.records = {str(n): {} for n in range(100)}
    hubspot.options = {"lead_tier": {"another"}}
    live = publish_leads(tmp_path, {str(n): n for n in range(100)}, mapping=SCORE)
    stopped = write_fully(outbox, hubspot.hubspot(), live)
    assert (stopped.states, stopped.put_off) == ({"dead": 3}, 97)
    assert "the last one: refused: INVALID_OPTION (lead_tier)." in describe_delivery(stopped)
    assert query(outbox, "select max(attempts) from messages where state = 'pending'") == [(0,)]


def test_a_record_that_stays_locked_is_tried_eight_times(tmp_path, outbox, salesforce):
    salesforce.records = {L1: {}, L2: {}}
    salesforce.locked = {L1}
    live = publish_leads(tmp_path, {L1: 1, L2: 2}, mapping=SCORE)
    crm = salesforce.salesforce()
    assert write(outbox, crm, live) == {"pending": 1, "delivered": 1}
    for day in range(1, MAX_ATTEMPTS - 1):
        assert write(outbox, crm, live, after=86_400 * day) == {"pending": 1}
    assert write(outbox, crm, live, after=86_400 * 20) == {"dead": 1}
    assert list_dead(outbox, "salesforce") == {f"salesforce:{L1}": "refused: UNABLE_TO_LOCK_ROW"}


STOPS = {
    "an expired token": (
        say(401), "HubSpot does not take the token (401)", "set LEADS_HUBSPOT_TOKEN anew",
    ),
    "a missing scope": (
        say(403, {"category": "MISSING_SCOPES"}),
        "HubSpot does not let this token write contacts (403)", "crm.objects.contacts.write",
    ),
    "another address": (say(404), "answered 404 Not Found", "check LEADS_HUBSPOT_URL"),
    "a redirect": (say(302, {}, Location="http://127.0.0.1:1/"), "answered 302", "_URL and LEADS_"),
    "a property that is not there": (
        lambda handler, work: (handler.server_data.properties.discard("lead_tier"), work()),
        "has no property that can be written as lead_tier (PROPERTY_DOESNT_EXIST)",
        "create it among the properties of contacts",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STOPS)
def test_what_a_person_must_set_right_stops_all_and_costs_nothing(tmp_path, outbox, hubspot, name):
    fault, what, to_do = STOPS[name]
    hubspot.records = {str(n): {} for n in range(250)}
    live = publish_leads(tmp_path, {str(n): n for n in range(250)}, mapping=SCORE)
    hubspot.faults = [fault]
    with pytest.raises(WrongUse) as raised:
        write(outbox, hubspot.hubspot(), live)
    assert what in str(raised.value) and to_do in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert len(hubspot.calls) == 1 and hubspot.writes == []
    assert query(outbox, "select distinct attempts, claim, in_doubt from messages") == [
        (0, None, None)
    ]
    hubspot.properties = {"lead_score", "lead_tier"}
    assert write(outbox, hubspot.hubspot(), live) == {"delivered": 250}


def test_two_that_write_at_once_share_the_records(tmp_path, outbox, hubspot):
    hubspot.records = {str(n): {} for n in range(200)}
    live = publish_leads(tmp_path, {str(n): n for n in range(200)}, mapping=SCORE)
    inner = []

    def write_meanwhile(_handler, work):
        inner.append(write(outbox, hubspot.hubspot(), live))
        work()

    hubspot.faults = [write_meanwhile]
    crm = hubspot.hubspot()
    crm.seconds = 20.0
    assert write(outbox, crm, live) == {"delivered": 100}
    assert inner == [{"delivered": 100}]
    assert len({id for id, _ in hubspot.writes}) == len(hubspot.writes) == 200


# Salesforce


def test_salesforce_gets_leads_and_contacts_apart_two_hundred_a_call(tmp_path, outbox, salesforce):
    ids = [f"00Q{n:012}AAA" for n in range(210)] + [f"003{n:012}AAA" for n in range(30)]
    salesforce.records = {one: {} for one in ids}
    live = publish_leads(tmp_path, {f"salesforce:{one}": 87.4 for one in ids}, mapping=SCORE)
    assert write(outbox, salesforce.salesforce(), live) == {"delivered": 240}
    assert sorted(salesforce.sizes) == [30, 40, 170]
    # Numbers are numbers there, and none is null.
    assert salesforce.records[ids[0]] == {"Lead_Score__c": 87}


def test_a_wrong_record_of_salesforce_does_not_stop_the_others(tmp_path, outbox, salesforce):
    salesforce.records = {L1: {}, L3: {}}
    live = publish_leads(tmp_path, {L1: 1, L2: 2, L3: 3}, mapping=SCORE)
    assert write(outbox, salesforce.salesforce(), live) == {"delivered": 2, "dead": 1}
    assert list_dead(outbox, "salesforce") == {f"salesforce:{L2}": "refused: ENTITY_IS_DELETED"}
    assert salesforce.records == {L1: {"Lead_Score__c": 1}, L3: {"Lead_Score__c": 3}}


def test_a_lead_that_became_a_contact_is_written_there(tmp_path, outbox, salesforce):
    salesforce.records = {L1: {}, L2: {}, C1: {}}
    salesforce.converted = {L1: C1}
    live = publish_leads(tmp_path, {L1: 1, L2: 2}, mapping=SCORE)
    crm = salesforce.salesforce()
    assert write(outbox, crm, live) == {"pending": 1, "delivered": 2}
    assert salesforce.records[C1] == {"Lead_Score__c": 1}
    newer = publish_leads(tmp_path, {L1: 5, L2: 2}, number=2, mapping=SCORE)
    assert write(outbox, crm, newer) == {"delivered": 1}
    # From then on at once.
    assert [body["records"][0]["id"] for _, _, body in salesforce.calls[-1:]] == [C1]


def test_a_client_fetches_a_token_and_a_new_one_where_it_has_expired(tmp_path, outbox, salesforce):
    salesforce.records = {L1: {}}
    secrets = {"token": "", "client_id": "app", "client_secret": CLIENT_SECRET}
    crm = salesforce.salesforce(**secrets)
    live = publish_leads(tmp_path, {L1: 1}, mapping=SCORE)
    assert write(outbox, crm, live) == {"delivered": 1}
    salesforce.tokens = set()
    newer = publish_leads(tmp_path, {L1: 2}, number=2, mapping=SCORE)
    assert write(outbox, crm, newer) == {"delivered": 1}
    assert [path.split("/")[-1] for _, path, _ in salesforce.calls] == [
        "token", "sobjects", "sobjects", "token", "sobjects",
    ]  # fmt: skip
    wrong = salesforce.salesforce(**secrets | {"client_secret": "another-secret"})
    last = publish_leads(tmp_path, {L1: 3}, number=3, mapping=SCORE)
    with pytest.raises(WrongUse, match="gives this client no token \\(400\\)") as raised:
        write(outbox, wrong, last)
    assert "another-secret" not in str(raised.value)
    salesforce.tokens = set()
    with pytest.raises(WrongUse, match="does not take the token \\(401\\)"):
        write(outbox, salesforce.salesforce(), last)


def test_the_days_calls_of_salesforce_are_not_used_up(tmp_path, outbox, salesforce):
    ids = [f"00Q{n:012}AAA" for n in range(401)]
    salesforce.records = {one: {} for one in ids}
    live = publish_leads(tmp_path, dict.fromkeys(ids, 5), mapping=SCORE)
    salesforce.usage = "4751/5000"
    stopped = write_fully(outbox, salesforce.salesforce(), live)
    assert (stopped.states, stopped.put_off) == ({"delivered": 200}, 201)
    assert "Stopped: nearly all of the day's calls are used." in describe_delivery(stopped)
    limit = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    salesforce.faults = [say(403, limit)]
    assert write(outbox, salesforce.salesforce(), live, after=3600) == {}
    assert query(outbox, "select max(attempts) from messages") == [(0,)]
    salesforce.usage = "1/5000"
    assert write(outbox, salesforce.salesforce(), live, after=7200) == {"delivered": 201}


def test_a_crm_that_stops_keeps_no_other_one_from_being_written(
    tmp_path, outbox, hubspot, salesforce
):
    hubspot.tokens, salesforce.records = set(), {L1: {}}
    live = publish_leads(tmp_path, {"hubspot:1": 1, f"salesforce:{L1}": 2}, mapping=SCORE)
    crms = [hubspot.hubspot(), salesforce.salesforce()]
    deliveries, [complaint] = write_all(outbox, crms, lambda: live)
    assert complaint.startswith("HubSpot does not take the token (401).")
    assert {title: dict(done.states) for title, done in deliveries.items()} == {
        "Salesforce": {"delivered": 1}
    }


def test_a_field_that_is_not_there_stops_salesforce(tmp_path, outbox, salesforce):
    salesforce.records, salesforce.properties = {L1: {}}, set()
    live = publish_leads(tmp_path, {L1: 1}, mapping=SCORE)
    with pytest.raises(WrongUse, match="has no field Lead_Score__c of its Leads"):
        write(outbox, salesforce.salesforce(), live)


# Law


class Killed(BaseException):
    """Ends a delivery as a kill does: nothing is tidied up after it."""


class Memory:
    """A CRM of two records that does to each call what it is told to."""

    name, title, batch_size, takes_bare_ids = "hubspot", "HubSpot", 1, True

    def __init__(self):
        self.held, self.fates = {}, []

    def finds_record(self, _record_id):
        return True

    def find_kind(self, _record_id):
        return "contacts"

    def write(self, records):
        fate = self.fates.pop(0) if self.fates else "taken"
        if fate in ("taken", "answer lost", "killed after"):
            for record in records:
                self.held.setdefault(record.record_id, {}).update(record.changes)
        if fate.startswith("killed"):
            raise Killed
        if fate == "stopped":
            raise WrongUse("stopped")
        if fate == "turned away":
            return Result("turned_away", quiet_seconds=60)
        if fate == "refused":
            return Result("refused", "refused: NO")
        if fate == "taken":
            return Result("answered", verdicts=[Verdict()] * len(records))
        return Result("failed", "lost")


FATES = [
    "taken", "answer lost", "call lost", "killed before", "killed after", "turned away", "refused",
    "stopped",
]  # fmt: skip
scores = st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, None]), max_size=2)
# What is published, what becomes of the calls after it, and how long it takes to the next.
steps = st.tuples(
    scores, st.lists(st.sampled_from(FATES), max_size=2), st.sampled_from([0, 100_000, 100_000])
)


ONE, NONE, DAY = {"a": 1}, {"a": None}, 100_000


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, min_size=2, max_size=5), scores)
# What may have been written is taken back, also where nobody lived to say that it was sent.
@example([(ONE, [], DAY), (NONE, ["killed after"], DAY)], ONE)
@example([(ONE, [], DAY), (NONE, ["answer lost"], DAY), (NONE, ["turned away"], DAY)], ONE)
def test_law_in_the_end_the_crm_holds_what_is_live(sequence, last):
    crm, live, now = Memory(), [{}], [NOW]

    def make(plan, *_):
        payloads = {key: json.dumps({"score": value}) for key, value in plan.items()}
        return Plan(json.dumps(plan), payloads)

    def write_now():
        with suppress(Killed, WrongUse):
            write_due(outbox, crm, lambda: live[0], clock=lambda: now[0], sleep=lambda _: None)

    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(record_delivery, "read_mapping", lambda *_: []),
        mock.patch.object(record_delivery, "name_plan", lambda plan, *_: json.dumps(plan)),
        mock.patch.object(record_delivery, "make_plan", make),
    ):
        outbox = Path(folder) / "outbox.sqlite"
        for published, fates, seconds in sequence:
            live[0], crm.fates = published, list(fates)
            write_now()
            now[0] += timedelta(seconds=seconds)
        # In the end nothing goes wrong any more.
        live[0], crm.fates = last, []
        now[0] += timedelta(days=2)
        write_now()
        with open_outbox(outbox) as connection:
            replay_dead(connection, "all", at=now[0])
        write_now()
        assert {key: crm.held[key] for key in last} == {
            key: {"score": value} for key, value in last.items()
        }
        states = count_states(outbox)
        assert states.get("delivered", 0) >= len(last) and not {"pending", "dead"} & states.keys()


# Settings, mapping, commands


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"HUBSPOT_TOKEN": "two words"}, "LEADS_HUBSPOT_TOKEN is no token"),
        ({"HUBSPOT_TOKEN": "t", "HUBSPOT_URL": "http://x.example"}, "could read the token"),
        ({"HUBSPOT_TOKEN": "t", "HUBSPOT_URL": "https://u:p@x"}, "holds more than an address"),
        ({"HUBSPOT_TOKEN": "t", "HUBSPOT_VERSION": "4"}, "which is no version of its interface"),
        ({"SALESFORCE_TOKEN": "t"}, "LEADS_SALESFORCE_URL is not set"),
        ({"SALESFORCE_URL": "https://x"}, "without what to sign in with"),
        ({"SALESFORCE_URL": "https://x", "SALESFORCE_CLIENT_ID": "i"}, "without what to sign in"),
    ],
)
def test_settings_that_cannot_work_are_a_sentence(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_crms({f"LEADS_{name}": value for name, value in values.items()})


def test_one_crm_takes_ids_without_a_source_and_of_two_none():
    hubspot = {"LEADS_HUBSPOT_TOKEN": TOKEN}
    both = hubspot | {"LEADS_SALESFORCE_URL": "https://x", "LEADS_SALESFORCE_TOKEN": "t"}
    assert load_crms({}) == []
    assert [crm.takes_bare_ids for crm in load_crms(hubspot)] == [True]
    assert [crm.takes_bare_ids for crm in load_crms(both)] == [False, False]
    assert TOKEN not in repr(load_crms(both)) and "'t'" not in repr(load_crms(both))
    assert load_hubspot(hubspot).url == "https://api.hubapi.com"
    assert load_salesforce(hubspot) is None


def test_a_column_that_the_publication_lacks_is_a_sentence(tmp_path, outbox, hubspot):
    mapping = SCORE.replace("scored_leads.tier", "scored_leads.tire")
    live = publish_leads(tmp_path, {"1": 1}, mapping=mapping)
    with pytest.raises(ValueError, match="lead_tier: there is no column scored_leads.tire in the"):
        write(outbox, hubspot.hubspot(), live)
    rounded = publish_leads(
        tmp_path,
        {"1": 1},
        number=2,
        mapping=SCORE.replace("scored_leads.score", "scored_leads.tier"),
    )
    with pytest.raises(ValueError, match="scored_leads.tier is no number that could be rounded"):
        write(outbox, hubspot.hubspot(), rounded)


def test_the_mapping_may_name_every_column_of_both_marts():
    marts = (PROJECT / "models/marts/_marts__models.yml").read_text()
    scored = marts.split("  - name: scored_leads\n")[1].split("\n  - name: ")[0]
    columns = re.findall(
        r"^      - name: (\w+)$", scored.split("\n    columns:\n")[1], re.MULTILINE
    )
    rows = (PROJECT / "seeds/reference/rule_book_format.csv").read_text().splitlines()
    [allowed] = [row.split(",")[4] for row in rows if row.startswith("write_back,mart_column,")]
    expected = [f"scored_leads.{name}" for name in columns if name != "lead_id"]
    expected += [f"hand_overs.{name}" for name in PAYLOAD_COLUMNS if name != "lead_id"]
    assert sorted(allowed.split("|")) == sorted(expected)


def test_an_outbox_of_before_goes_on(tmp_path, hubspot):
    outbox = tmp_path / "old.sqlite"
    with sqlite3.connect(outbox) as connection:
        connection.executescript(
            """
            create table messages (
                idempotency_key text not null primary key, payload text not null,
                state text not null, attempts integer not null, next_attempt_at text not null,
                claim text, last_error text, created_at text not null, delivered_at text
            );
            create index messages_due on messages (state, next_attempt_at);
            insert into messages values ('b2b:1:1', '{}', 'pending', 0, '2020', null, null, '', '')
            """
        )
    hubspot.records = {"1": {}}
    live = publish_leads(tmp_path, {"1": 1}, mapping=SCORE)
    assert write(outbox, hubspot.hubspot(), live) == {"delivered": 1}
    assert read_outbox(outbox)["states"]["pending"] == 1


def test_a_preview_tells_old_and_new_values_and_sends_nothing(tmp_path, outbox, hubspot):
    hubspot.records = {"1": {}, "2": {}}
    first = publish_leads(tmp_path, {"1": 1, "2": 2}, mapping=SCORE)
    crm = hubspot.hubspot()
    told = preview(outbox, crm, first, limit=1)
    assert describe_preview(crm, told) == [
        "HubSpot: 2 records would be written.",
        "  hubspot:1",
        "    lead_score  unknown → 1",
        "    lead_tier  unknown → sales",
        "  … and 1 more",
    ]
    assert not outbox.exists() and hubspot.calls == []
    write(outbox, crm, first)
    second = publish_leads(
        tmp_path, {"1": 1, "2": 3, "marketo:3": 1}, number=2, mapping=SCORE,
        sql="update scored_leads set tier = null where lead_id = '2'",
    )  # fmt: skip
    assert describe_preview(crm, preview(outbox, crm, second)) == [
        "HubSpot: 1 record would be written.",
        "  hubspot:2",
        "    lead_score  2 → 3",
        "    lead_tier  sales → empty",
        "  left out: 1 leads of marketo",
    ]


def test_all_is_written_anew_where_it_is_asked_for(tmp_path, outbox, hubspot):
    hubspot.records = {"1": {}, "2": {}}
    live = publish_leads(tmp_path, {"1": 1, "2": 2}, mapping=SCORE)
    write(outbox, hubspot.hubspot(), live)
    hubspot.records = {"1": {}, "2": {}}
    with open_outbox(outbox) as connection:
        assert forget_accepted(connection, "hubspot", at=NOW) == 2
    assert write(outbox, hubspot.hubspot(), live) == {"delivered": 2}
    assert hubspot.records["1"] == {"lead_score": "1", "lead_tier": "sales"}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A published warehouse whose leads are contacts of HubSpot."""

    class Site:
        warehouse = build_warehouse(tmp_path / "leads.duckdb", leads=30)
        published = tmp_path / "published"
        rules = tmp_path / "rules"

        def publish(self, sql=""):
            if sql:
                change(self.warehouse, sql)
            return publish(self.warehouse, self.published, run_id="r", rules=self.rules)

    Site.rules.mkdir()
    (Site.rules / "write_back.csv").write_text(SCORE)
    change(
        Site.warehouse,
        "update scored_leads set lead_id = 'hubspot:' || cast(substr(lead_id, 2) as integer);"
        "update lead_scores set lead_id = 'hubspot:' || cast(substr(lead_id, 2) as integer)",
    )
    monkeypatch.setenv("LEADS_WAREHOUSE", str(Site.warehouse))
    monkeypatch.setenv("LEADS_PUBLISHED", str(Site.published))
    return Site()


def test_commands_and_sensor_write_back_and_tell_no_secret(site, hubspot, monkeypatch):
    def run(*arguments, token=TOKEN):
        return run_leads(
            *arguments, warehouse=site.warehouse, published=site.published, hubspot_url=hubspot.url,
            hubspot_token=token,
        )  # fmt: skip

    first = site.publish()
    hubspot.records = {str(n): {} for n in range(30)}
    dry = run("deliver", "--dry-run")
    assert dry.stdout.splitlines()[:2] == [
        "Hand-overs that wait: 0.",
        "HubSpot: 30 records would be written.",
    ]
    assert hubspot.calls == [] and not find_outbox(site.warehouse).exists()
    expired = run("deliver", token="another-token")
    assert expired.returncode == 2
    assert expired.stderr.startswith("HubSpot does not take the token (401). Nothing was written")
    hubspot.merged = {"3"}
    done = run("deliver", "--json")
    assert json.loads(done.stdout)["hubspot"] == {"delivered": 29, "dead": 1, "put_off": 0}
    listed = run_leads("outbox", warehouse=site.warehouse)
    assert "records of hubspot" in listed.stdout
    assert "  hubspot:3  1 attempt  merged: the answer does not hold it" in listed.stdout
    hubspot.merged = set()
    anew = run_leads("redeliver", "hubspot", warehouse=site.warehouse)
    assert anew.stdout.startswith("To be sent again: 30.\n")
    # The sensor does the rest, and follows a publication that is taken back.
    monkeypatch.setenv("LEADS_HUBSPOT_URL", hubspot.url)
    monkeypatch.delenv("LEADS_HUBSPOT_TOKEN", raising=False)
    assert tick().startswith("No CRM is set, so nothing is written back: ")
    monkeypatch.setenv("LEADS_HUBSPOT_TOKEN", TOKEN)
    assert tick() == "HubSpot: Delivered 30; to be tried again 0; dead 0."
    before = {id: dict(one) for id, one in hubspot.records.items()}
    site.publish("update scored_leads set score = score + 5 where lead_id = 'hubspot:9'")
    assert tick() == "HubSpot: Delivered 1; to be tried again 0; dead 0."
    assert hubspot.records != before
    roll_back(site.published, first["publication_id"], warehouse=site.warehouse)
    assert find_live(site.published).publication_id == first["publication_id"]
    assert tick() == "HubSpot: Delivered 1; to be tried again 0; dead 0."
    assert hubspot.records == before
    assert tick() == "HubSpot: Delivered 0; to be tried again 0; dead 0."
    told = [one.stdout + one.stderr for one in (dry, expired, done, listed)]
    with sqlite3.connect(find_outbox(site.warehouse)) as outbox:
        told += outbox.iterdump()
    assert not [text for text in told if TOKEN in text or "another-token" in text]


def tick():
    """One real evaluation of the sensor: what it says."""
    with dg.DagsterInstance.ephemeral() as instance:
        result = write_back_sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    assert not result.run_requests
    return result.skip_message
