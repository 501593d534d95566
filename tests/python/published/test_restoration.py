"""What belongs here: that what only the warehouse holds comes back from a publication as it was,
and that no hand-over is sent twice, or lost, for it. test_killed_runs.py has whole runs."""

import shutil
from datetime import datetime

import duckdb
import pytest
from commands import run_leads
from fake_warehouse import SCORED_LEADS, build_warehouse, change

from orchestration.lib.basics.settings import load_settings
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.delivered.delivery import describe_outbox
from orchestration.lib.delivered.outbox import find_outbox, list_messages, open_outbox, read_states
from orchestration.lib.delivered.release import release_hand_overs
from orchestration.lib.published.publication import publish
from orchestration.lib.published.restoration import (
    SOURCES,
    describe_restoration,
    find_source,
    has_past,
    restore,
    restore_past,
)

# A lead that came back, hand-overs that were released earlier, and a history with something behind.
PAST = """
update hand_overs set released_at = '2026-06-20 06:00:01.123456' where lead_id < 'L000150';
update hand_overs set recycled_on = '2026-06-30', recycle_reason = 'cooled down'
where lead_id in (select min(lead_id) from hand_overs);
insert into hand_over_rules select idempotency_key, 'visit_1', 2.5 from hand_overs;
insert into scored_days values ('b2b', '2026-06-20');
insert into published_promises values
    ('2026-05-31', 'b2b', 'tier', 'sales', 'opportunity', 90, 0.1, 0.05, 0.18);
insert into lead_score_past
select model_id, lead_id, '2026-06-20', '2026-06-30', 7, 'aware', '2026-06-20', 'aware'
from lead_score_current where lead_id < 'L000010';
insert into lead_score_history_parts values ('2026-06', 'an id');
"""


@pytest.fixture
def settings(tmp_path):
    return load_settings(
        {
            "LEADS_WAREHOUSE": str(tmp_path / "leads.duckdb"),
            "LEADS_PUBLISHED": str(tmp_path / "published"),
            "LEADS_AS_OF": "2026-06-30",
        }
    )


@pytest.fixture
def publication(settings):
    """A warehouse with a past, published but not released."""
    build_warehouse(settings.warehouse, leads=300)
    change(settings.warehouse, PAST)
    return publish_again(settings)


def publish_again(settings):
    return publish(settings.warehouse, settings.published, rules=settings.rules, run_id="test")


def release(settings, publication):
    """As the asset does after the publication."""
    at = datetime.fromisoformat(publication["published_at"])
    return release_hand_overs(settings.warehouse, at=at)


def read_tables(warehouse):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {
            table: connection.execute(f"from {table} order by all").fetchall() for table in SOURCES
        }


def lose_and_restore(settings, **options):
    """A new warehouse, as dbt leaves it, into which the past is restored."""
    settings.warehouse.unlink()
    build_warehouse(settings.warehouse, leads=300, tiered=False)
    source = find_source(settings.published)
    with open_warehouse(settings.warehouse) as connection:
        assert not has_past(connection)
        restored = restore(connection, settings, source=source, **options)
        assert has_past(connection)
        connection.execute(SCORED_LEADS)
    return restored


def read_messages(settings):
    with open_outbox(find_outbox(settings.warehouse)) as outbox:
        return read_states(outbox)


def test_a_restored_warehouse_holds_what_the_lost_one_held(settings, publication):
    release(settings, publication)
    before, messages = read_tables(settings.warehouse), read_messages(settings)
    assert all(before[table] for table in ("hand_overs", "lead_score_past", "hand_over_rules"))
    restored = lose_and_restore(settings)
    assert read_tables(settings.warehouse) == before
    assert restored.rows["hand_overs"] == len(before["hand_overs"]) and not restored.undecided
    # Its history is known to be the one that is published: no part is written again.
    assert publish_again(settings)["history"] == publication["history"]
    # Nothing is put into the outbox a second time, and nothing withdrawn from it.
    again = release(settings, publication)
    assert (again["released"], again["put"], again["withdrawn"]) == (0, 0, 0)
    assert read_messages(settings) == messages


def test_what_was_published_and_not_yet_released_is_still_to_be(settings, publication):
    release(settings, publication)
    change(settings.warehouse, "update hand_overs set released_at = null where lead_id > 'L000250'")
    with open_outbox(find_outbox(settings.warehouse)) as outbox:
        unsent = {key for (key,) in outbox.execute(
            "select idempotency_key from messages where payload like '%L0002%'"
        )}  # fmt: skip
        outbox.execute("delete from messages where payload like '%L0002%'")
        outbox.commit()
    assert unsent
    # The run was killed between its publication and its release.
    publication = publish_again(settings)
    before = read_tables(settings.warehouse)
    lose_and_restore(settings)
    assert read_tables(settings.warehouse) == before
    release(settings, publication)
    assert unsent <= set(read_messages(settings))


def test_where_the_outbox_is_lost_too_a_person_says_what_is_sent(settings, publication):
    release(settings, publication)
    before = read_tables(settings.warehouse)
    with open_outbox(find_outbox(settings.warehouse)) as outbox:
        payloads = {m.idempotency_key: m.payload for m in list_messages(outbox, "pending")}
    find_outbox(settings.warehouse).unlink()
    restored = lose_and_restore(settings)
    assert read_tables(settings.warehouse) == before
    assert set(read_messages(settings).values()) == {"dead"}
    assert restored.undecided == len(read_messages(settings))
    assert "nobody knows which of" in "\n".join(describe_restoration(restored))
    assert "it may have been sent: the outbox of that time is lost" in "\n".join(
        describe_outbox(find_outbox(settings.warehouse))
    )
    # What is sent then has the key and the bytes that it had.
    release(settings, publication)
    assert "pending" not in read_messages(settings).values()
    with open_outbox(find_outbox(settings.warehouse)) as outbox:
        dead = {m.idempotency_key: m.payload for m in list_messages(outbox, "dead")}
    assert dead == payloads


def test_a_damaged_live_publication_is_passed_over_for_the_newest_that_is_whole(
    settings, publication, capsys
):
    release(settings, publication)
    live = publish_again(settings)
    file = settings.published / "versions" / live["publication_id"] / "leads.duckdb"
    file.chmod(0o644)
    file.write_bytes(b"nothing")
    restored = lose_and_restore(settings)
    assert restored.publication_id == publication["publication_id"]
    assert "The live publication is damaged: " in capsys.readouterr().err


def test_an_older_publication_gives_what_it_has(settings, publication):
    folder = settings.published / "versions" / publication["publication_id"]
    file = folder / "leads.duckdb"
    file.chmod(0o644)
    change(file, "drop table hand_over_rules; alter table hand_overs drop column recycle_reason")
    settings.warehouse.unlink()
    build_warehouse(settings.warehouse, leads=300, tiered=False)
    with open_warehouse(settings.warehouse) as connection:
        rows = restore(connection, settings, source=publication).rows
    assert rows["hand_over_rules"] == 0 and rows["hand_overs"] > 0


def test_the_history_of_a_publication_without_parts_comes_from_its_database(settings, publication):
    before = read_tables(settings.warehouse)
    folder = settings.published / "versions" / publication["publication_id"]
    (folder / "leads.duckdb").chmod(0o644)
    change(
        folder / "leads.duckdb",
        "create table history as from lead_score_history; drop view lead_score_history;"
        "alter table history rename to lead_score_history",
    )
    shutil.rmtree(folder / "lead_score_history")
    del publication["history"]
    settings.warehouse.unlink()
    build_warehouse(settings.warehouse, leads=300, tiered=False)
    with open_warehouse(settings.warehouse) as connection:
        restore(connection, settings, source=publication)
        parts = connection.execute("from lead_score_history_parts order by part").fetchall()
    after = read_tables(settings.warehouse)
    assert all(after[table] == before[table] for table in SOURCES if "lead_score_" in table)
    assert [part for part, _ in parts] == ["2026-06", "current"]


def test_a_restoration_that_fails_leaves_the_warehouse_as_it_was(
    settings, publication, monkeypatch
):
    settings.warehouse.unlink()
    build_warehouse(settings.warehouse, leads=300, tiered=False)
    monkeypatch.setattr(
        "orchestration.lib.published.restoration.settle_hand_overs",
        lambda *arguments, **options: (_ for _ in ()).throw(OSError("disk full")),
    )
    with open_warehouse(settings.warehouse) as connection:
        with pytest.raises(OSError, match="disk full"):
            restore(connection, settings, source=publication)
        assert not has_past(connection)


def test_what_the_crm_overwrote_is_said_to_be_lost(settings, publication, monkeypatch):
    assert not lose_and_restore(settings).is_without_snapshots
    monkeypatch.setattr(
        "orchestration.lib.published.restoration.read_variables", lambda _: {"crm_overwrites": True}
    )
    lines = describe_restoration(lose_and_restore(settings))
    assert "What the CRM has overwritten in the past (crm_overwrites) is not in a" in lines[-1]


def test_the_command_restores_into_a_new_warehouse_and_into_no_other(settings, publication):
    release(settings, publication)
    before = read_tables(settings.warehouse)

    def run():
        given = {"warehouse": settings.warehouse, "published": settings.published}
        return run_leads("restore", as_of="2026-06-30", **given)

    refused = run()
    assert refused.returncode == 2
    assert "holds a history already, so nothing is restored into it" in refused.stderr
    settings.warehouse.unlink()
    outcome = run()
    assert outcome.returncode == 0, outcome.stderr
    assert f"Restored from the publication {publication['publication_id']}" in outcome.stdout
    assert read_tables(settings.warehouse) == before


def test_without_a_publication_there_is_nothing_to_restore_from(settings):
    with pytest.raises(ValueError, match="There is no publication in .* to restore from"):
        restore_past(settings)
