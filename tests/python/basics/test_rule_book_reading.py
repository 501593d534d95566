"""What belongs here: files of the rule book as spreadsheets and editors save them. What can be read
without doubt is read, all else is named with file, row and what to do."""

import csv
import io
import re
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.lib.basics.rule_book_files import check_rule_book_files
from orchestration.lib.basics.settings import PROJECT_ROOT, check_settings, load_settings
from orchestration.lib.built.dbt_command import run_dbt

SHIPPED = PROJECT_ROOT / "seeds" / "rules"


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """A copy of the shipped rule book; who changes it puts it back."""
    return Path(shutil.copytree(SHIPPED, tmp_path_factory.mktemp("book") / "rules"))


def separate(content, delimiter):
    """A CSV file with another mark between its columns."""
    rows = csv.reader(io.StringIO(content.decode(), newline=""))
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue().encode()


@pytest.mark.parametrize("folder", ["seeds", "examples/olist", "examples/uci_bank"])
def test_the_rule_books_of_the_project_can_be_read(folder):
    files = list((PROJECT_ROOT / folder).rglob("*.csv"))
    assert files
    check_rule_book_files(files)


TIERS = b"model_id,tier,enter_at\nb2b,sales,65\nb2b,nurture,0\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "tiers.csv: is empty: it must hold its header line"),
        (b" \n\n", "tiers.csv: is empty"),
        (TIERS.decode().encode("utf-16"), "tiers.csv: is not UTF-8, it seems to be UTF-16"),
        (TIERS.decode().encode("utf-16-le"), "tiers.csv: is not UTF-8, it seems to be UTF-16"),
        (
            TIERS + "b2b,für später,1\n".encode("cp1252"),
            "tiers.csv: line 4 is not UTF-8, it seems to be Windows-1252 or Latin-1: save it as"
            ' "CSV UTF-8".',
        ),
        (
            TIERS + b"b2b,call, now,3\n",
            "tiers.csv: row 4 has 4 cells, but the header has 3: put quotes around a text that"
            " holds a comma, and delete what stands behind the last column.",
        ),
        (TIERS + b"b2b,x,3,,,,\n", "tiers.csv: row 4 has 7 cells, but the header has 3"),
        (
            TIERS.replace(b",", b";") + b"b2b;x\n",
            "tiers.csv: row 4 has 2 cells, but the header has 3: every column needs its semicolon,",
        ),
        (TIERS + b"b2b\n", "tiers.csv: row 4 has 1 cell, but the header has 3"),
        (TIERS.replace(b"\nb2b,n", b"\n\nb2b,n"), "tiers.csv: row 3 is blank: delete it."),
        (TIERS.replace(b"sales", b'"sales'), "tiers.csv: row 2, on line 2, has a quotation mark"),
        (TIERS.replace(b"nur", b'"nur"'), "tiers.csv: row 3, on line 3, has a quotation mark"),
        (b"sep=;\n" + TIERS.replace(b",", b";"), "tiers.csv: row 1 is a note for spreadsheets"),
        (TIERS.replace(b"enter_at", b"Tier "), "tiers.csv: row 1 names the column tier twice"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_what_to_do(tmp_path, content, sentence):
    (tmp_path / "grades.csv").write_bytes(b"model_id,axis,grade,from_score\n")
    (tmp_path / "tiers.csv").write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(f"\n- {sentence}")) as raised:
        check_rule_book_files(sorted(tmp_path.iterdir()))
    assert str(raised.value).startswith("The rule book cannot be read (1 problem(s) found):")


def test_a_run_says_so_before_anything_starts(rules):
    check_settings(replace(load_settings({}), rules=rules))
    (rules / "tiers.csv").write_bytes(b"")
    try:
        with pytest.raises(ValueError, match=re.escape("tiers.csv: is empty")):
            check_settings(replace(load_settings({}), rules=rules))
    finally:
        shutil.copy(SHIPPED / "tiers.csv", rules / "tiers.csv")


def read_seeds(rules, folder):
    """What dbt makes of some files: the rows of each, in the order of the file."""
    settings = replace(
        load_settings({"LEADS_AS_OF": "2026-06-30"}), rules=rules, warehouse=folder / "leads.duckdb"
    )
    names = ("tiers", "grades", "models", "rules_sequence")
    list(run_dbt(["seed", "--select", *names], settings=settings, target_path=folder / "target"))
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return {
            name: connection.execute(f"select * from rules.{name} order by rowid").fetchall()
            for name in names
        }


def test_what_can_be_read_without_doubt_is_read(rules, tmp_path):
    expected = read_seeds(rules, tmp_path)
    variants = {
        "tiers": lambda content: separate(content, ";"),
        "grades": lambda content: (
            b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") + b"\r\n ,,,\r\n"
        ),
        "models": lambda content: separate(content, "\t") + b"\n\n",
        "rules_sequence": lambda content: b"\xef\xbb\xbf" + separate(content, ";") + b";;;;;;;;;;",
    }
    for name, vary in variants.items():
        path = rules / f"{name}.csv"
        content = path.read_bytes()
        assert vary(content) != content
        path.write_bytes(vary(content))
    try:
        # In one process, as in the page's: what it has read of the project stays.
        assert read_seeds(rules, tmp_path) == expected
    finally:
        for name in variants:
            shutil.copy(SHIPPED / f"{name}.csv", rules / f"{name}.csv")
    assert read_seeds(rules, tmp_path) == expected
