"""What belongs here: the command `leads` as users and programs meet it, in any folder: answers and
documents, sentences and exit codes, settings, completion."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from datetime import date
from types import SimpleNamespace
from unittest import mock

import click
import pytest
from commands import PROJECT, make_environment, run_leads
from fake_warehouse import build_warehouse

from orchestration.cli.install import install
from orchestration.cli.main import GROUPS
from orchestration.cli.options import name_as_given
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.basics.variables import VARIABLES
from orchestration.lib.published.publication import publish

LEAD = "L000007"
COMMANDS = {command.name: command for group in GROUPS.values() for command in group}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Two publications and a warehouse; commands are called in a folder of their own."""
    folder = tmp_path_factory.mktemp("site")
    warehouse = build_warehouse(folder / "leads.duckdb", leads=30)
    published = folder / "published"
    manifests = [
        publish(warehouse, published, run_id="test", rules=PROJECT / "seeds" / "rules")
        for _ in range(2)
    ]
    (folder / "elsewhere").mkdir()
    return SimpleNamespace(
        folder=folder / "elsewhere",
        settings={"warehouse": warehouse, "published": published},
        ids=[manifest["publication_id"] for manifest in manifests],
    )


def call(site, *arguments, **settings):
    return run_leads(*arguments, cwd=site.folder, **(site.settings | settings))


# What it tells


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["explain", LEAD], {"lead_id", "models"}),
        (["best", "--limit", "3"], {"model_id", "as_of_date", "leads"}),
        (["publications"], {"published", "publications"}),
        (["outbox"], {"states", "next_attempt_at", "dead", "records", "held_back"}),
        (
            ["redeliver", "all"],
            {"to_be_sent_again", "states", "next_attempt_at", "dead", "records", "held_back"},
        ),
        (["settings"], {"project", "settings"}),
    ],
)
def test_a_program_reads_one_document_and_nothing_else(site, arguments, keys):
    done = call(site, *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(json.loads(done.stdout)) == keys


def test_the_story_for_programs_adds_up_as_the_one_for_people_does(site):
    [story] = json.loads(call(site, "explain", LEAD, "--json").stdout)["models"]
    assert sum(row["points"] for row in story["ledger"]) == pytest.approx(story["score"]["score"])
    assert f"score {story['score']['score']:.2f}" in call(site, "explain", LEAD).stdout


def test_a_publication_is_taken_back_by_what_the_list_says(site):
    newest, before = json.loads(call(site, "publications", "--json").stdout)["publications"]
    assert (newest["is_live"], before["is_live"]) == (True, False)
    back = json.loads(call(site, "rollback", before["publication_id"], "--json").stdout)
    assert [row["is_live"] for row in back["publications"]] == [False, True]
    assert (back["taken_back"], back["already_sent"]) == (0, [])
    assert call(site, "rollback", newest["publication_id"]).returncode == 0


# What goes wrong


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["explain", "nobody"], "There is no lead 'nobody' in the publication of 2026-06-30."),
        (["explain", ""], "Say which lead: leads explain <lead_id>."),
        (["explain", LEAD, "--model", "m"], "There is no model 'm' in the publication"),
        (["explain", LEAD, "--since", "soon"], "--since is 'soon', which is not a day"),
        (["explain", LEAD, "--since", "2026-06-30"], "--since is 2026-06-30, but the publication"),
        (["explain", LEAD, "--published", "none"], "Nothing is published in "),
        (["best", "--tier", "gold"], "There is no tier 'gold' in b2b; there are: "),
        (["rollback", "yesterday"], "There is no publication 'yesterday' in "),
        (["rollback"], "Missing argument 'ID'."),
        (["run", "--as-of", "2026-06-31"], "--as-of is '2026-06-31', which is not a day"),
        (["run", "--rules", "none"], "--rules is "),
        (["run", "--raw", "none"], "--raw is "),
        (["run", "--known", "soon"], "--known is 'soon', which is neither now"),
        (["preview", "--rules", "none"], "--rules is "),
        (["replay", "June"], "DAYS is 'June', which is not a day"),
        (["replay"], "Say which days to replay: leads replay 2026-03-01..2026-03-31"),
        (["learn", "b2b_software"], "Missing option '--out'."),
        (["learn", "--out", "x", "--since", "soon"], "--since is 'soon', which is not a day"),
        (["learn", "--out", "/"], "--out is /, where something lies that was not learned"),
        (["accept", "web.events.rows"], "web.events.rows is not what the last run has refused."),
        (["redeliver", " "], "Say which hand-over: leads redeliver <idempotency key, or all>"),
        (["deliver"], "LEADS_WEBHOOK_URL and LEADS_WEBHOOK_SECRET are not set"),
        (["deliver", "--webhook-url", "ftp://x", "--webhook-secret", "s"], "--webhook-url is "),
        (["restore"], "holds a history already, so nothing is restored into it."),
        (["example", "olist"], "Missing option '--data'."),
        (["publications", "--asof", "2026-06-30"], "No such option '--asof'."),
        (["frobnicate"], "No such command 'frobnicate'."),
        (["--project", "/", "publications"], "--project is /, which holds no installation"),
    ],
)  # fmt: skip
def test_wrong_use_is_a_sentence_and_ends_with_two(site, arguments, sentence):
    done = call(site, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr and "Traceback" not in done.stderr


def test_what_nobody_foresaw_is_a_sentence_too(site, monkeypatch, capsys):
    from orchestration.cli import main

    def stumble(*_arguments):
        raise KeyError("ada@example.org")

    monkeypatch.setattr("orchestration.cli.look.locate_published", stumble)
    monkeypatch.setattr(main, "PROJECT_ROOT", site.folder)
    assert main.run(["publications"]) == 1
    said = capsys.readouterr().err
    assert "This should not happen: KeyError" in said and "Traceback" not in said
    assert "Traceback" in (site.folder / "build" / "fault.log").read_text()
    assert "ada@example.org" not in said + (site.folder / "build" / "fault.log").read_text()


@pytest.mark.parametrize("arguments", ["--help", f"explain {LEAD}", "publications --json"])
def test_a_pipe_that_closes_early_ends_quietly(site, arguments):
    script = (
        f"set -o pipefail; sleep 0.2 | {sys.executable} -P -u -m orchestration.cli {arguments} | :"
    )
    done = subprocess.run(
        ["bash", "-c", f"{script}; echo ${{PIPESTATUS[1]}}"],
        cwd=site.folder,
        env=make_environment(**site.settings),
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.parametrize(("is_refused", "code"), [(True, 3), (False, 1)])
def test_a_refusal_ends_with_three_and_what_is_broken_with_one(
    tmp_path, monkeypatch, capsys, is_refused, code
):
    from orchestration.cli import daily_run, main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(daily_run, "PROJECT_ROOT", tmp_path)
    monkeypatch.setattr(daily_run, "LOG_FILE", tmp_path / "log")
    monkeypatch.setattr(daily_run, "run_daily_refresh", lambda *_: (["It is so."], is_refused))
    given = {"LEADS_WAREHOUSE": f"{tmp_path}/w.duckdb", "LEADS_PUBLISHED": f"{tmp_path}/published"}
    with mock.patch.dict(os.environ, given):
        assert main.run(["run"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Nothing was published. What is wrong:\n\n  It is so.\n" in captured.err


# How it presents itself


def test_the_help_names_every_command_by_what_people_want(site):
    said = call(site, "--help").stdout
    for title, commands in GROUPS.items():
        assert f"\n{title}:\n" in said
        for command in commands:
            assert f"\n  {command.name} " in said
    assert "Why a lead has its score" in said and "Take back a publication" in said


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_has_an_example_that_can_be_read(command):
    [line] = [line for line in command.help.splitlines() if line.strip().startswith("Example: ")]
    program, name, *words = shlex.split(line.split("Example: ")[1].split(" >> ")[0])
    assert (program, name) == ("leads", command.name)
    context = click.Context(command, info_name=name, resilient_parsing=True)
    given, _, _ = command.make_parser(context).parse_args(args=words)
    assert not [p for p in command.params if p.required and given.get(p.name) is None]


def test_what_is_slow_to_import_is_imported_by_those_that_need_it(site):
    slow = {"pandas", "pyarrow", "dagster", "dbt", "great_expectations", "requests", "sqlalchemy"}
    for arguments in (["--help"], ["explain", LEAD], ["publications"]):
        done = subprocess.run(
            [sys.executable, "-P", "-c",
             "import sys; from orchestration.cli.main import run; run(sys.argv[1:]);"
             "print(*sys.modules, file=sys.stderr)", *arguments],
            env=make_environment(**site.settings),
            capture_output=True,
            text=True,
            check=True,
        )  # fmt: skip
        assert slow & set(done.stderr.split()) == set(), arguments


# Settings


def read_settings(site, *arguments, **settings):
    done = run_leads("settings", *arguments, "--json", cwd=site.folder, **settings)
    return {
        row["variable"]: (row["value"], row["source"])
        for row in json.loads(done.stdout)["settings"]
    }


def test_an_option_goes_before_a_variable_and_that_before_the_default(site):
    found = read_settings(site, "--rules", "mine", rules="theirs", as_of="2026-06-01", raw=" ")
    assert found["LEADS_RULES"] == (str(site.folder / "mine"), "option")
    assert found["LEADS_AS_OF"] == ("2026-06-01", "variable")
    assert found["LEADS_RAW"][1] == found["LEADS_PUBLISHED"][1] == "default"
    assert found["LEADS_PUBLISHED"][0] == str(PROJECT / "published")


def test_a_secret_is_never_shown(site):
    url = "https://ada:swordfish@crm.example/in/opener"
    secrets = {
        "webhook_secret": "hushhush",
        "postgres_password": "opensesame",
        "hubspot_token": "pat-na1",
        "salesforce_token": "session1",
        "salesforce_client_id": "3mvg9",
        "salesforce_client_secret": "mellon",
    }
    for arguments in (["settings"], ["settings", "--json"]):
        done = run_leads(*arguments, webhook_url=url, **secrets)
        assert "https://crm.example/" in done.stdout
        assert not [
            word for word in ("swordfish", "opener", *secrets.values()) if word in done.stdout
        ]


def test_a_misspelt_variable_is_named_with_the_nearest(site):
    for command in ("publications", "settings"):
        done = call(site, command, asof="2026-06-30")
        assert done.returncode == 2
        assert "LEADS_ASOF is set, but there is no such setting: LEADS_AS_OF may be" in done.stderr


def test_every_setting_is_an_option_of_the_commands_that_it_belongs_to():
    options = {
        name: {option for param in command.params for option in param.opts}
        for name, command in COMMANDS.items()
    }
    assert {f"--{variable.option}" for variable in VARIABLES} <= options["settings"] & options["ui"]
    assert {"--raw", "--rules", "--warehouse", "--published", "--as-of", "--target"} <= options[
        "run"
    ]
    assert {"--webhook-url", "--warehouse"} <= options["deliver"]


def test_commands_and_dagster_read_the_same(monkeypatch, tmp_path):
    import dagster as dg

    from orchestration.defs.days import load_settings_of_run

    monkeypatch.setenv("LEADS_WAREHOUSE", str(tmp_path / "mine.duckdb"))
    monkeypatch.setenv("LEADS_AS_OF", " 2026-06-29 ")
    monkeypatch.setenv("LEADS_TARGET", "")
    run = dg.DagsterRun(job_name="daily_refresh", run_id="1")
    assert load_settings_of_run(run) == load_settings()
    assert load_settings().as_of_dates == (date(2026, 6, 29),)
    assert load_settings().target == "duckdb"


def test_a_complaint_names_what_was_used(monkeypatch):
    monkeypatch.setattr("orchestration.cli.options.GIVEN", {"LEADS_AS_OF": "x"})
    assert name_as_given("LEADS_AS_OF is 'x'; LEADS_RAW is /y") == "--as-of is 'x'; LEADS_RAW is /y"


# Completion, and where the command lies


def complete(site, line):
    words = line.split(" ")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "orchestration.cli"],
        cwd=site.folder,
        env=make_environment(**site.settings)
        | {
            "_LEADS_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
    )
    return {item.split(",")[1] for item in done.stdout.split()}


def test_the_shell_completes_commands_models_and_publications(site):
    assert complete(site, "leads pub") == {"publications"}
    assert complete(site, "leads explain L1 --model ") == {"b2b"}
    assert complete(site, "leads best --tier sa") == {"sales"}
    assert complete(site, "leads rollback ") == set(site.ids)
    assert complete(site, "leads redeliver ") == set()
    assert complete(site, "leads run --as") == {"--as-of"}
    for shell in ("bash", "zsh"):
        assert f"{shell}_source leads" in call(site, "completion", shell).stdout


def test_each_installation_runs_its_own_code_from_any_folder_and_by_a_link(tmp_path):
    one = tmp_path / "one of several"
    (one / ".venv" / "bin").mkdir(parents=True)
    # As an environment in which the packages are.
    os.symlink(sys.executable, one / ".venv" / "bin" / "python")
    shutil.copytree(PROJECT / "orchestration", one / "orchestration")
    shutil.copy(PROJECT / "dbt_project.yml", one)
    script = install(one / ".venv")
    text = script.read_text().replace(f'"{one}/.venv/bin/python"', f'"{sys.executable}"')
    script.write_text(text)
    link = tmp_path / "leads"
    link.symlink_to(script)
    environ = make_environment()
    del environ["PYTHONPATH"]
    for command in ([script], [link]):
        done = subprocess.run(
            [*command, "settings", "--json"],
            cwd=tmp_path, env=environ, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout)["project"] == str(one)
    (one / ".venv" / "bin" / "python").unlink()
    other = run_leads("--project", "one of several", "settings", "--json", cwd=tmp_path)
    assert json.loads(other.stdout)["project"] == str(one)
