"""What belongs here: that the story of a lead says what the marts say, and errors what to do."""

import re
from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest
from fake_warehouse import AS_OF, build_warehouse, change, fill_scores, fill_tiers

from orchestration.lib.asked.explain import describe_stories, find_stories, read_since
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.published.changes import write_changes
from orchestration.lib.published.publication import publish

LEAD = "L000007"


@pytest.fixture
def site(tmp_path):
    """Two published days of thirty leads; `site.tell` gives the story of one of them."""

    class Site:
        settings = replace(
            load_settings({"LEADS_AS_OF": "2026-06-30"}),
            warehouse=build_warehouse(tmp_path / "leads.duckdb", leads=30),
            published=tmp_path / "published",
        )
        rules = tmp_path / "rules"

        def publish(self):
            publish(
                self.settings.warehouse, self.settings.published, run_id="test", rules=self.rules
            )

        def tell(self, lead_id=LEAD, **options):
            stories = find_stories(
                self.settings.published, lead_id=lead_id, find_settings=lambda: None, **options
            )
            return describe_stories(stories, since=options.get("since"))

    Site.rules.mkdir()
    site = Site()
    site.publish()
    with duckdb.connect(str(site.settings.warehouse)) as connection:
        fill_scores(connection, as_of=AS_OF + timedelta(1), leads=30, seed=2)
        fill_tiers(connection)
        write_changes(connection, site.settings.published)
        connection.execute(
            f"""
            insert into lead_outlook values
                (date '{AS_OF}' + 1, 'b2b', '{LEAD}', 'sales', 60, 61, date '2026-07-14', 59.8,
                    'Looked at the prices: +12 now, +10.8 then');
            insert into lead_confidence values
                (date '{AS_OF}' + 1, 'b2b', '{LEAD}', 0.126, 0.09, 0.16, 'calibrated');
            insert into hand_overs by name
            select 'k1' as idempotency_key, 'b2b' as model_id, '{LEAD}' as lead_id,
                1 as hand_over_number, date '2026-06-02' as due_on, 'sales' as tier,
                'call' as action, 70 as score, date '2026-06-09' as recycled_on,
                'cooled down' as recycle_reason
            """
        )
    site.publish()
    return site


def read_points(lines, start):
    """The signed numbers of a section of the story."""
    section = lines[lines.index(start) + 1 :]
    section = section[: section.index("")] if "" in section else section
    return [
        float(match[1]) for line in section if (match := re.match(r" {4,}([+-]\d+\.\d+)", line))
    ]


def test_it_is_told_how_likely_its_outcome_is_and_what_its_tier_promises(site):
    change(
        site.settings.warehouse,
        f"update scored_leads set tier = 'sales' where lead_id = '{LEAD}'",
    )
    site.publish()
    lines = site.tell()
    said = lines[lines.index("  How likely its outcome is within 90 days") + 1 :][:2]
    assert " ".join(" ".join(said).split()) == (
        "12.6 % (9 % to 16 %), by past leads like it;"
        " leads of the tier sales: 17.5 % (14 % to 21 %)"
    )
    change(
        site.settings.warehouse,
        "update lead_confidence set source = 'crm', probability = 0.35, low = null, high = null",
    )
    site.publish()
    assert "    35 % as a seller says; leads of the tier sales: 17.5 %" in "\n".join(site.tell())
    change(
        site.settings.warehouse,
        "update lead_confidence set source = 'too_few', probability = null",
    )
    site.publish()
    assert "How likely" not in "\n".join(site.tell())


def test_the_rows_of_the_ledger_add_up_to_the_score_that_is_told(site):
    lines = site.tell()
    *points, total = read_points(lines, "  What the score is made of")
    assert len(points) == 2
    assert round(sum(points), 4) == total
    assert f"score {total:.2f}" in lines[1]


def test_the_changes_since_the_day_before_add_up_to_what_is_told(site):
    lines = site.tell()
    headline = next(line for line in lines if line.startswith("  What changed since"))
    assert headline.startswith(f"  What changed since {AS_OF}: ")
    told = float(headline.rsplit(" ", 1)[1])
    assert sum(read_points(lines, headline)) == pytest.approx(told, abs=0.006)


def test_a_day_that_is_still_published_is_compared_without_scoring_it_again(site, capsys):
    assert site.tell(since=AS_OF) == site.tell()
    assert capsys.readouterr().out == ""


def test_what_is_foretold_and_what_was_handed_over_is_told(site):
    text = "\n".join(site.tell())
    assert "on 2026-07-14 it drops out of sales, with 59.80 of 60.00." in text
    assert "2026-06-02  sales, call, back on 2026-06-09: cooled down" in text


def publish_changed(site, *statements):
    with duckdb.connect(str(site.settings.warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)
    site.publish()


def test_a_field_that_nobody_knows_is_named_without_a_chance(site):
    publish_changed(site, "update lead_unknowns set deciding_probability = null")
    text = " ".join("\n".join(site.tell()).split())
    assert (
        "Could change the tier: phone; how likely that is cannot be said, because too few" in text
    )
    assert "None" not in text


def test_what_a_rule_would_gain_is_what_others_of_its_attribute_do_not_give_already(site):
    """The lead has 3 points for a timeline of half a year. This quarter gives 5 in its place; a
    timeline of a year gives less than it has; who names a budget meets two rules at once."""
    rules = [
        ("half_a_year", 3, "timeline", 3), ("this_quarter", 5, "timeline", 5),
        ("a_year", 1, "timeline", 1), ("budget_named", 2, "budget", 6),
    ]  # fmt: skip
    publish_changed(
        site,
        "delete from rule_health where rule_id like 'visit_%'",
        *(
            "insert into rule_health by name select max(as_of_date) as as_of_date, 'b2b' as"
            f" model_id, '{rule}' as rule_id, 'readiness' as dimension, '{rule}' as reason,"
            f" {points} as points, 9 as leads_met, '{attribute}' as attribute,"
            f" {best} as best_points from scored_leads"
            for rule, points, attribute, best in rules
        ),
        "insert into lead_score_ledger by name select as_of_date, model_id, lead_id,"
        " 'half_a_year' as rule_id, 'Soon' as reason, 3 as points from scored_leads"
        f" where lead_id = '{LEAD}'",
    )
    lines = site.tell()
    assert read_points(lines, "  What would move it") == [6, 2]
    text = " ".join(" ".join(lines).split())
    assert "+2.0000 this_quarter (readiness; +5, with all that another timeline would" in text


def test_every_null_that_a_mart_may_hold_is_told(site):
    """Whatever is unknown of a lead: nothing of its story ends in a trace."""
    publish_changed(
        site,
        "update lead_outlook set drops_out_on = null, score_then = null, because_of = null",
        "update lead_score_ledger set evidence = null, occurred_on = null, event_count = null",
        "update lead_unknowns set deciding_field = null, deciding_probability = null",
        "update lead_unknowns set lowest_tier = null, highest_tier = null",
        "update scored_leads set grade = null, temperature = null, tier = null, action = null",
        "update scored_leads set previous_tier = null, sla_hours = null, reasons_for = null",
        "update lead_score_current set tier = null",
    )
    assert "it stays in sales for as long as is foretold" in "\n".join(site.tell())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"lead_id": "x"}, "There is no lead 'x' in the publication of 2026-07-01."),
        ({"model_id": "m"}, "There is no model 'm' in the publication; there are: b2b."),
        ({"since": AS_OF + timedelta(1)}, "--since is 2026-07-01, but the publication speaks for"),
    ],
)
def test_what_cannot_be_told_is_said_in_a_sentence(site, options, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        site.tell(**options)


def test_nothing_published_is_said_in_a_sentence(site, tmp_path):
    with pytest.raises(ValueError, match="Nothing is published in .* yet: `leads run` does it"):
        find_stories(tmp_path / "none", lead_id=LEAD, find_settings=lambda: None)


def test_one_day_only_can_be_compared_with():
    with pytest.raises(ValueError, match="name one day, such as 2026-06-01"):
        read_since("2026-06-01..2026-06-03")
