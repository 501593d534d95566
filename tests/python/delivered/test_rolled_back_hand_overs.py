"""What belongs here: that a publication which is rolled back takes its unsent hand-overs with it,
that they may be due again, and that those already sent are named."""

import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from commands import run_leads
from fake_warehouse import AS_OF, SCORED_LEADS, build_warehouse, change, fill_scores
from receivers import NOW, run_receiver

from orchestration.lib.basics.locks import hold_lock
from orchestration.lib.decided.tiers import write_tiers
from orchestration.lib.delivered import delivery
from orchestration.lib.delivered.delivery import deliver_due
from orchestration.lib.delivered.outbox import claim_message, find_outbox, open_outbox, read_states
from orchestration.lib.delivered.release import release_hand_overs, take_back_hand_overs
from orchestration.lib.published.publication import publish, roll_back

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def site(tmp_path):
    """A good publication whose hand-overs are released, and a bad one of the same day after it."""

    class Site:
        warehouse = build_warehouse(tmp_path / "leads.duckdb", leads=60, tiered=False)
        published = tmp_path / "published"
        rules = tmp_path / "rules"

        def run(self, *, days=0, enter_at=65, release=True):
            with duckdb.connect(str(self.warehouse)) as connection:
                connection.execute(
                    "update rule_book.model_tiers set enter_at = $at, leave_below = $at"
                    " where tier = 'sales'",
                    {"at": enter_at},
                )
                fill_scores(connection, leads=60, as_of=AS_OF + timedelta(days=days))
                write_tiers(connection)
                connection.execute(SCORED_LEADS)
            manifest = publish(self.warehouse, self.published, run_id="r", rules=self.rules)
            if release:
                release_hand_overs(self.warehouse, at=NOW + timedelta(days=days))
            return manifest

        def roll_back(self, manifest, **options):
            roll_back(self.published, manifest["publication_id"], warehouse=self.warehouse)
            folder = self.published / "versions" / manifest["publication_id"]
            held = manifest["health"]["held"]
            return take_back_hand_overs(self.warehouse, folder, held=held, **options)

        def query(self, sql):
            with duckdb.connect(str(self.warehouse), read_only=True) as connection:
                return connection.execute(sql).fetchall()

        def read_hand_overs(self):
            return self.query("select * from hand_overs where released_at is not null order by all")

        def read_outbox(self):
            with open_outbox(find_outbox(self.warehouse)) as outbox:
                return read_states(outbox)

    # One threshold decides who is handed over.
    change(
        Site.warehouse,
        "delete from rule_book.model_tiers where tier not in ('sales', 'unaware')",
    )
    Site.rules.mkdir()
    (Site.rules / "tiers.csv").write_text("model_id,tier\n")
    return Site()


@pytest.mark.parametrize("days", [0, 1])
def test_unsent_hand_overs_go_and_those_before_stay_as_they_were(site, days):
    good = site.run()
    before = site.read_hand_overs(), site.read_outbox()
    site.run(days=days, enter_at=20)
    handed_over = len(site.read_hand_overs())
    assert handed_over > len(before[0]) + 10
    assert site.roll_back(good) == (handed_over - len(before[0]), [])
    assert (site.read_hand_overs(), site.read_outbox()) == before
    # Twice is as good as once.
    assert site.roll_back(good) == (0, [])
    # The next good run hands over nobody new, and what the bad one planned is gone.
    site.run(days=days + 1)
    assert (site.read_hand_overs(), site.read_outbox()) == before
    assert len(site.query("select * from hand_overs")) == len(before[0])


def test_what_is_taken_back_may_be_due_again_and_is_sent_with_its_new_reasons(site):
    good = site.run()
    site.run(days=1, enter_at=20)
    late = set(site.read_outbox())
    site.roll_back(good)
    late -= set(site.read_outbox())
    change(site.warehouse, "update lead_scores set score = score")
    with duckdb.connect(str(site.warehouse)) as connection:
        fill_scores(connection, leads=60, as_of=AS_OF + timedelta(days=2))
        connection.execute("update lead_scores set top_reasons = 'bought again', score = 99")
        write_tiers(connection)
        connection.execute(SCORED_LEADS)
    release_hand_overs(site.warehouse, at=NOW)
    with open_outbox(find_outbox(site.warehouse)) as outbox:
        payloads = dict(outbox.execute("select idempotency_key, payload from messages").fetchall())
    assert late <= set(payloads)
    assert {json.loads(payloads[key])["reasons"] for key in late} == {"bought again"}


def test_what_was_sent_is_named_and_stays(site):
    good = site.run(enter_at=90)
    with run_receiver() as receiver:
        deliver_due(find_outbox(site.warehouse), receiver.webhook, clock=lambda: NOW)
        site.run(days=1, enter_at=20)
        receiver.replies = [200, 500]
        # Time for two messages.
        clock = iter([NOW + timedelta(days=1)] * 4 + [NOW - timedelta(days=9)])
        deliver_due(find_outbox(site.warehouse), receiver.webhook, clock=lambda: next(clock))
        sent, tried = receiver.requests[-2:]
    unsent, already = site.roll_back(good)
    assert [row["idempotency_key"] for row in already] == [sent.key]
    assert unsent == len(site.query("select * from hand_overs where released_at is null"))
    states = site.read_outbox()
    assert states[sent.key] == "delivered"
    # The receiver may have it: it never comes with other bytes.
    assert states[tried.key] == "withdrawn"
    assert set(states.values()) == {"delivered", "withdrawn"}
    assert list(states.values()).count("withdrawn") == 1
    assert site.query(
        f"select released_at is not null from hand_overs where idempotency_key = '{sent.key}'"
    ) == [(True,)]


def test_who_is_sending_one_while_it_is_taken_back_may_end(site):
    good = site.run(enter_at=90)
    kept = set(site.read_outbox())
    site.run(days=1, enter_at=20)
    with open_outbox(find_outbox(site.warehouse)) as outbox:
        while (
            message := claim_message(outbox, at=NOW + timedelta(days=2))
        ).idempotency_key in kept:
            pass
        site.roll_back(good)
        delivery.mark_delivered(outbox, message, at=NOW)
    assert site.read_outbox()[message.idempotency_key] == "delivered"
    site.run(days=2, enter_at=20)
    assert site.read_outbox()[message.idempotency_key] == "delivered"


def test_what_a_bad_publication_took_back_is_handed_over_as_before(site):
    good = site.run(enter_at=50)
    before = site.read_hand_overs()
    site.run(days=1, enter_at=95)
    assert "withdrawn" in site.read_outbox().values()
    site.roll_back(good)
    assert site.read_hand_overs() == before
    site.run(days=2, enter_at=50)
    assert set(site.read_outbox().values()) == {"pending"}
    assert [row[:4] for row in site.read_hand_overs()] == [row[:4] for row in before]


def test_what_a_publication_held_back_is_not_its_own(site):
    first = site.run(enter_at=90)
    before = site.read_hand_overs()
    change(
        site.warehouse,
        "insert into score_health (as_of_date, model_id, measure, value, verdict)"
        f" values ('{AS_OF}', 'b2b', 'hand_overs_due', 0.5, 'hold')",
    )
    holding = site.run(enter_at=20)
    assert holding["health"]["held"] == ["b2b"]
    assert site.read_hand_overs() == before
    change(site.warehouse, "delete from score_health")
    site.run(enter_at=20)
    assert len(site.read_hand_overs()) > len(before)
    site.roll_back(holding)
    assert site.read_hand_overs() == before
    assert site.roll_back(first) == (0, [])


def test_nothing_goes_out_while_a_run_has_the_warehouse(site):
    good = site.run()
    before = site.read_hand_overs(), site.read_outbox()
    site.run(days=1, enter_at=20)
    lock = site.warehouse.with_name(f".{site.warehouse.name}.lock")
    with hold_lock(lock, wait_seconds=0), pytest.raises(ValueError, match="at work"):
        site.roll_back(good, wait_seconds=0)
    assert site.read_outbox() == before[1]
    site.roll_back(good)
    assert (site.read_hand_overs(), site.read_outbox()) == before


def test_the_rollback_says_what_became_of_them(site):
    good = site.run()
    site.run(days=1, enter_at=20)
    settings = {"warehouse": site.warehouse, "published": site.published}
    done = run_leads("rollback", good["publication_id"], **settings)
    assert "Taken back before they were sent: " in done.stdout
