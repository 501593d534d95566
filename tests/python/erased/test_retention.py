"""What belongs here: that what is older than its place keeps is dropped, and nothing else."""

import os
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest
from fake_warehouse import build_warehouse, change

from orchestration.lib.basics.settings import load_settings
from orchestration.lib.delivered.outbox import find_outbox, open_outbox, put_messages, read_states
from orchestration.lib.erased.retention import check_kept_days, drop_expired
from orchestration.lib.published.publication import list_publications, publish

PAST = """
delete from lead_score_past; delete from lead_score_history_parts; delete from scored_days;
insert into scored_days values ('b2b', '2026-03-10'), ('b2b', '2026-05-20'), ('b2b', '2026-06-30');
insert into lead_score_past
    (model_id, lead_id, valid_from, valid_to, score, tier, tier_since, tier_by_score)
values
    ('b2b', 'L000001', '2026-03-10', '2026-05-20', 7, 'aware', '2026-03-10', 'aware'),
    ('b2b', 'L000001', '2026-05-20', '2026-06-20', 8, 'aware', '2026-03-10', 'aware');
insert into lead_score_history_parts values ('2026-05', 'a'), ('2026-06', 'b'), ('current', 'c');
update hand_overs set recycled_on = '2026-03-01'
where lead_id = (select min(lead_id) from hand_overs);
insert into hand_overs
select * replace (
    2 as hand_over_number, idempotency_key || '2' as idempotency_key, null as recycled_on
)
from hand_overs where recycled_on is not null;
insert into hand_over_rules select idempotency_key, 'visit_1', 2.5 from hand_overs;
"""


@pytest.fixture
def settings(tmp_path):
    settings = load_settings(
        {
            "LEADS_WAREHOUSE": str(tmp_path / "leads.duckdb"),
            "LEADS_PUBLISHED": str(tmp_path / "published"),
            "LEADS_AS_OF": "2026-06-30",
        }
    )
    build_warehouse(settings.warehouse, leads=60)
    change(settings.warehouse, PAST)
    return settings


def read(settings, sql):
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_without_a_setting_nothing_is_dropped(settings):
    assert drop_expired(settings, check_kept_days({"history": None, "outbox": None})) == {}
    assert len(read(settings, "from lead_score_past")) == 2


def test_what_of_the_history_is_over_for_long_is_dropped_and_its_parts_written_anew(settings):
    assert drop_expired(settings, {"history": 30}) == {"history": 1}
    assert read(settings, "select valid_to::varchar from lead_score_past") == [("2026-06-20",)]
    assert read(settings, "select as_of_date::varchar from scored_days") == [("2026-06-30",)]
    parts = dict(read(settings, "from lead_score_history_parts"))
    assert parts.keys() == {"2026-06", "current"} and parts["current"] == "c"


def test_hand_overs_that_came_back_long_ago_are_dropped_but_for_the_latest(settings):
    before = read(settings, "select count(*) from hand_overs")[0][0]
    assert drop_expired(settings, {"hand_overs": 100}) == {"hand_overs": 1}
    left = read(settings, "select count(*), count(recycled_on) from hand_overs")
    assert left == [(before - 1, 0)]
    rules = read(settings, "select count(distinct idempotency_key) from hand_over_rules")
    assert rules == [(before - 1,)]


def test_payloads_that_were_delivered_are_emptied_and_never_sent_again(settings):
    with open_outbox(find_outbox(settings.warehouse)) as outbox:
        put_messages(
            outbox, {"old": '{"a": 1}', "due": '{"b": 1}'}, at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        outbox.execute("update messages set state = 'delivered' where idempotency_key = 'old'")
        outbox.commit()
    assert drop_expired(settings, {"outbox": 90}) == {"outbox": 1}
    with open_outbox(find_outbox(settings.warehouse)) as outbox:
        kept = dict(outbox.execute("select idempotency_key, payload from messages").fetchall())
        assert kept == {"old": "{}", "due": '{"b": 1}'}
        assert put_messages(outbox, {"old": '{"a": 1}'}, at=datetime.now(UTC)) == 0
        assert read_states(outbox)["old"] == "delivered"


def test_logs_that_nobody_writes_to_any_more_are_deleted(settings, tmp_path):
    old, new = tmp_path / "build" / "old.log", tmp_path / "logs" / "new.log"
    for file in (old, new):
        file.parent.mkdir()
        file.write_text("a line")
    os.utime(old, (0, 0))
    assert drop_expired(replace(settings, project=tmp_path), {"logs": 30}) == {"logs": 1}
    assert new.exists() and not old.exists()


def test_publications_have_an_age_as_well(settings):
    rules = settings.rules

    def publish_with(**options):
        return publish(settings.warehouse, settings.published, run_id="r", rules=rules, **options)[
            "publication_id"
        ]

    ids = [publish_with() for _ in range(3)]
    for publication_id in ids[:2]:
        file = settings.published / "versions" / publication_id / "manifest.json"
        text = file.read_text()
        file.chmod(0o644)
        year = text.split('"published_at": "')[1][:4]
        file.write_text(text.replace(f'"published_at": "{year}', '"published_at": "2020'))
    newest = publish_with(keep_days=365)
    left = {manifest["publication_id"] for manifest in list_publications(settings.published)}
    assert left == {ids[2], newest}


def test_a_place_or_an_age_that_is_none_is_told():
    with pytest.raises(ValueError, match="names 'historie', which is no place: history, hand_over"):
        check_kept_days({"historie": 30})
    with pytest.raises(ValueError, match="says '30 days' for logs, which is no number of days"):
        check_kept_days({"logs": "30 days"})
