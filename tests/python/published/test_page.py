"""What belongs here: that the page of a publication has its leads, stories and rules beside it, and
that a browser finds a lead and opens its story from the files alone."""

import json
import shutil
import subprocess
from unittest import mock

import duckdb
import pytest
from fake_warehouse import RULES, build_warehouse

from orchestration.lib.published.publication import hash_file, publish
from orchestration.lib.published.stories import LEADS_IN_A_FILE, unpack_stories

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a publication of more leads than one file of stories holds, and than are told
    at once."""
    place = tmp_path_factory.mktemp("page")
    warehouse = build_warehouse(place / "leads.duckdb", leads=LEADS_IN_A_FILE + 60)
    with mock.patch("orchestration.lib.published.stories.FILES_AT_ONCE", 1):
        publish(warehouse, place / "published", run_id="r", rules=RULES)
    return place / "published" / "current"


def read_script(file):
    """The JSON that a script gives the page."""
    text = file.read_text()
    return json.loads(json.loads(text[text.index("(") + 1 : text.rindex(")")]))


def ask(folder, query):
    with duckdb.connect(str((folder / "leads.duckdb").resolve()), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_every_lead_stands_beside_its_score_tier_account_and_owner(folder):
    leads = read_script(folder / "page" / "leads.js")
    told = {
        (leads["models"][n], leads["ids"][place]): (
            score,
            tier,
            leads["accounts"][place],
            leads["owners"][place],
        )
        for n, rows in enumerate(leads["rows"])
        for place, score, tier in zip(rows["place"], rows["score"], rows["tier"], strict=True)
    }
    expected = ask(
        folder,
        "select model_id, lead_id, round(score, 1)::double, tier, account_id, owner_id"
        " from scored_leads",
    )
    assert told == {(model, lead): tuple(rest) for model, lead, *rest in expected}


def test_the_points_of_every_story_add_up_to_its_score(folder):
    leads = read_script(folder / "page" / "leads.js")
    rules = read_script(folder / "page" / "rules.js")
    stories = {}
    for file in sorted((folder / "page").glob("stories-*.js")):
        stories |= json.loads(unpack_stories(file))
    assert len(stories) == LEADS_IN_A_FILE + 60
    for place_and_model, story in stories.items():
        points = sum(points for _, points, *_ in story["points"])
        assert points == pytest.approx(story["scored_leads"]["score"], abs=1e-6), place_and_model
    place = leads["ids"].index("L000007")
    story = stories[f"{place}:0"]
    told = {rules[rule]["rule_id"] for rule, *_ in story["points"]}
    expected = ask(folder, "select rule_id from lead_score_ledger where lead_id = 'L000007'")
    assert told == {rule for (rule,) in expected}


def test_the_rules_say_whom_they_reach(folder):
    rules = {rule["rule_id"]: rule for rule in read_script(folder / "page" / "rules.js")}
    size = rules["company_size"]
    assert (size["points"], size["leads_met"], size["owner"]) == (5, 288, "revops")


def test_the_files_are_part_of_the_publication(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    names = {f"page/{file.name}" for file in (folder / "page").iterdir()}
    assert names == {name for name in manifest["files"] if name.startswith("page/")}
    assert all(hash_file(folder / name) == manifest["files"][name] for name in names)
    assert (folder.parent / "page").resolve() == (folder / "page").resolve()


@pytest.mark.skipif(
    not CHROMIUM, reason="Chromium is not installed: the page is not clicked through."
)
def test_a_browser_opens_a_story_from_files_alone(folder, tmp_path):
    page = folder.parent / "index.html"
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={tmp_path}", "--virtual-time-budget=8000", "--dump-dom",
            f"file://{page}#lead=L000007&model=b2b",
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    story = done.stdout.partition('id="story"')[2].partition("</section>")[0]
    ((score,),) = ask(folder, "select score from scored_leads where lead_id = 'L000007'")
    assert "L000007 by b2b: " in story and "Sum of the rows = score" in story
    assert f">{score.normalize():f}</td>" in story
    assert f"{LEADS_IN_A_FILE + 60} leads, the 50 with the highest scores are shown" in done.stdout
    # A text of the rule book is text and no element.
    assert "<i>size</i>" not in done.stdout
