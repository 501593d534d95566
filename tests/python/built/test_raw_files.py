"""Raw files as they come: what can be read is read, a broken line is one row set aside, a broken
file one sentence, and what lies there and is not read is named."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import duckdb
import pyarrow
import pytest
from dbt_runs import query, run_dbt, score_raw, write_raw
from test_bad_input import GOOD_LEADS, TABLES, demand_that_rows_add_up

from orchestration.lib.built.raw_files import describe_files, describe_table, read_records
from orchestration.lib.published.summary import describe_unread_files

HEADER = "event_id,visitor_id,event_type,occurred_at,_loaded_at,search_term"
TIMES = "2026-06-20 10:00:00,2026-06-20 11:00:00"


def write_lines(path: Path, *lines: str | bytes) -> Path:
    """A file of the lines, its folder made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join(x if isinstance(x, bytes) else x.encode() for x in lines) + b"\n")
    return path


def good_lines(first: int, last: int) -> list[str]:
    """Web events that can be read."""
    return [f"e{n},v,page_view,{TIMES},shoes" for n in range(first, last + 1)]


BROKEN_LINES = {
    b"e91,v": "has 2 fields instead of 6",
    f"e92,v,page_view,{TIMES},a,b,c".encode(): "has 8 fields instead of 6",
    f'e93,"v,page_view,{TIMES},shoes'.encode(): "opens a quote that is never closed",
    f'e94,"v"x,page_view,{TIMES},shoes'.encode(): "has a quote in the middle of a value",
    f"e95,v,page_view,{TIMES},Schlüssel".encode("latin-1"):
        "is not UTF-8: save the file in that encoding",
    f"e96,v,page_view,{TIMES},{'x' * 3_000_000}".encode(): "has more than 2,000,000 characters",
}  # fmt: skip


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A warehouse of a CSV file with a broken line of every kind between good ones."""
    folder = tmp_path_factory.mktemp("broken")
    raw = write_raw(folder / "raw", {"crm.leads": GOOD_LEADS})
    lines = [HEADER, *good_lines(1, 2)]
    for number, line in enumerate(BROKEN_LINES):
        lines += [line, *good_lines(10 * number + 10, 10 * number + 11)]
    lines += ["", f'e3,v,page_view,{TIMES},"two', 'lines, ""quoted"""', *good_lines(4, 5)]
    write_lines(raw / "web" / "events.csv", *lines)
    write_lines(raw / "web" / "event.csv", "x")
    return score_raw(raw, folder)


def test_a_line_that_cannot_be_read_is_one_row_set_aside(broken):
    found = query(
        broken,
        "select file_name, line_number, row_key, column_name, reason, masked_value"
        " from quarantine order by line_number",
    )
    assert [row[4] for row in found] == list(BROKEN_LINES.values())
    assert [row[1] for row in found] == [4 + 3 * number for number in range(len(BROKEN_LINES))]
    assert {row[:1] + row[2:4] for row in found} == {("web/events.csv", None, "line")}
    assert found[0][5] == "1 letter, 2 digits, ,, 1 letter"
    lines = query(
        broken, "select line from intermediate.int_unreadable_lines where line like 'e91%'"
    )
    assert lines == [("e91,v",)]


def test_all_other_lines_are_read(broken):
    staged = dict(query(broken, "select event_id, search_term from staging.stg_web__events"))
    numbers = [1, 2, 4, 5, *(10 * n + k for n in range(1, len(BROKEN_LINES) + 1) for k in (0, 1))]
    assert {key: staged.pop(key) for key in [f"e{n}" for n in numbers]}.keys()
    assert staged == {"e3": 'two\nlines, "quoted"'}
    counts = "from intermediate.raw_row_counts where table_name = 'web.events'"
    assert query(broken, counts) == [("web.events", 23, 17, 0)]
    assert demand_that_rows_add_up(broken)


def test_what_of_a_file_is_kept_beside_the_warehouse_is_its_owners_alone(broken):
    folder = broken.with_name("leads.duckdb.mended")
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.stat().st_mode & 0o077 for path in folder.iterdir()] == [0, 0]


def test_a_file_that_matches_no_table_is_named(broken):
    sentence = "web/event.csv is not read: it matches no raw table. Did you mean web/events?"
    warnings = query(broken, "select warning from intermediate.int_raw_files where warning <> ''")
    assert warnings == [(sentence,)]
    with duckdb.connect() as connection:
        connection.execute(f"attach '{broken}' as warehouse (read_only)")
        from orchestration.lib.published.facts import find_unread_files

        assert describe_unread_files(find_unread_files(connection)) == [f"WARNING: {sentence}"]


def test_a_run_says_which_files_it_does_not_read(tmp_path):
    raw = write_raw(tmp_path / "raw", {"crm.leed": GOOD_LEADS})
    outcome = run_dbt(
        "run", "--select", "base_crm__leads", raw=raw, warehouse=tmp_path / "leads.duckdb"
    )
    assert not outcome.success
    assert "crm/leed.csv is not read: it matches no raw table. Did you mean crm/leads?" in (
        outcome.errors
    )


def to_semicolons(text: str) -> bytes:
    rows = csv.reader(io.StringIO(text))
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    return out.getvalue().encode()


def compress_zstd(text: str) -> bytes:
    return pyarrow.Codec("zstd").compress(text.encode(), asbytes=True)


VARIANTS = {
    "events.csv.gz": lambda text: gzip.compress(text.encode()),
    "events.csv.zst": compress_zstd,
    "events.CSV": lambda text: text.encode(),
    "Events.csv": to_semicolons,
    "EVENTS/Part 1's.csv": lambda text: text.encode("utf-8-sig"),
    "events/b.csv": lambda text: text.replace("\n", "\r\n").encode(),
    "events/c.CSV.GZ": lambda text: gzip.compress(text.encode()),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_what_can_be_read_without_doubt_is_read(tmp_path, name):
    text = "\n".join([HEADER, *good_lines(1, 3)]) + "\n"
    path = tmp_path / "Web" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(VARIANTS[name](text))
    assert read_events(tmp_path) == [(f"e{n}", "shoes") for n in (1, 2, 3)]


def test_the_header_is_the_first_line_that_is_not_blank(tmp_path):
    """Names between quotes may hold line breaks, as spreadsheets write them."""
    header = HEADER.replace("search_term", '"what\nelse; too",search_term')
    lines = [line.replace(",shoes", ",,shoes") for line in good_lines(1, 2)]
    write_lines(tmp_path / "web" / "events.csv", "", "", header, *lines)
    assert read_events(tmp_path) == [("e1", "shoes"), ("e2", "shoes")]


def test_a_damaged_gzip_of_which_the_rest_cannot_be_unpacked_is_a_sentence(tmp_path):
    packed = gzip.compress("\n".join([HEADER, *good_lines(1, 9000)]).encode())
    write_lines(tmp_path / "web" / "events.csv.gz", packed[: len(packed) // 2])
    with pytest.raises(ValueError, match=r"web/events\.csv\.gz cannot be unpacked"):
        describe_events(tmp_path)


def test_parquet_in_capitals_and_files_of_other_columns_are_read_together(tmp_path):
    write_lines(tmp_path / "web" / "events" / "a.csv", HEADER, *good_lines(1, 1))
    write_lines(tmp_path / "web" / "events" / "b.csv", "search_term;event_id", "hats;e2")
    write_lines(tmp_path / "web" / "events" / "c.csv", HEADER, *good_lines(3, 3), "broken")
    assert read_events(tmp_path) == [("e1", "shoes"), ("e2", "hats"), ("e3", "shoes")]
    (tmp_path / "crm").mkdir()
    duckdb.sql("select 'L1' as lead_id").write_parquet(str(tmp_path / "crm" / "Leads.PARQUET"))
    groups = describe_table(tmp_path, "crm.leads", tables=TABLES, workplace=tmp_path / "w")[
        "groups"
    ]
    assert [(group["format"], len(group["files"])) for group in groups] == [("parquet", 1)]


def describe_events(root):
    return describe_table(root, "web.events", tables=TABLES, workplace=root / "_mended")


def read_events(root):
    """event_id and search_term of all web events, as the groups say they are to be read."""
    rows = []
    for group in describe_events(root)["groups"]:
        columns = dict.fromkeys(group["columns"], "varchar")
        rows += duckdb.execute(
            "select event_id, search_term from read_csv($files, auto_detect = false, header = true,"
            f" delim = '{group['delimiter']}', quote = '\"', escape = '\"', columns = {columns},"
            f" compression = '{group['compression']}')",
            {"files": [str(root / file) for file in group["files"]]},
        ).fetchall()
    return sorted(rows)


UNREADABLE = {
    "UTF-16": ("events.csv", (HEADER + "\n").encode("utf-16"), "it seems to be text in UTF-16"),
    "UTF-16 without a mark": ("events.csv", HEADER.encode("utf-16-le"), "text in UTF-16"),
    "Excel": ("events.csv", b"PK\x03\x04" + bytes(99), "a zip file or an Excel workbook"),
    "tabs": ("events.csv", HEADER.replace(",", "\t").encode(), "separated by tabs"),
    "bars": ("events.csv", HEADER.replace(",", "|").encode(), "separated by vertical bars"),
    "nothing": ("events.csv", b"", "is empty"),
    "binary": ("events.csv", bytes(range(256)) * 9, "a binary file"),
    "gzip by another name": ("events.csv", gzip.compress(b"x"), "a gzip file"),
    "no gzip": ("events.csv.gz", HEADER.encode(), "cannot be unpacked"),
    "half a Parquet file": ("events.parquet", b"PAR1" + bytes(99), "damaged or not whole"),
    "CSV as Parquet": ("events.parquet", HEADER.encode(), "damaged or not whole"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_at_all_is_one_sentence(tmp_path, case):
    name, content, words = UNREADABLE[case]
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / name).write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        describe_events(tmp_path)
    assert f"web/{name}" in str(caught.value)


def test_a_file_that_cannot_be_read_stops_dbt_with_that_sentence(tmp_path):
    raw = write_raw(tmp_path / "raw", {"crm.leads": GOOD_LEADS})
    write_lines(raw / "web" / "events.csv", HEADER.replace(",", "\t"))
    outcome = run_dbt(
        "run", "--select", "base_web__events", raw=raw, warehouse=tmp_path / "leads.duckdb"
    )
    assert not outcome.success
    assert (
        "The raw file web/events.csv cannot be read: its columns seem to be separated by tabs."
        in (outcome.errors)
    )


def test_a_file_without_a_header_is_not_repeated_on_the_console(tmp_path):
    raw = tmp_path / "raw"
    write_lines(raw / "crm" / "leads.csv", "L1,jane@acme.example,2026-01-01,2026-01-01,2026-01-01")
    outcome = run_dbt(
        "run", "--select", "base_crm__leads", raw=raw, warehouse=tmp_path / "leads.duckdb"
    )
    assert not outcome.success
    assert "does its first line name them?" in outcome.errors
    assert "jane" not in outcome.errors


def test_what_belongs_to_loaders_and_systems_is_left_alone(tmp_path):
    for name in (".DS_Store", "crm/._leads.csv", "_SUCCESS", "web/events/_temporary/a.csv"):
        write_lines(tmp_path / name, "x")
    write_lines(tmp_path / "web" / "events" / "a.json", "x")
    write_lines(tmp_path / "leads.csv", "x")
    files = describe_files(tmp_path, tables=TABLES, workplace=tmp_path / "_mended")
    assert {row["file_name"]: row["warning"] for row in files} == {
        "leads.csv": "leads.csv is not read: it matches no raw table. Did you mean crm/leads?",
        "web/events/a.json": "web/events/a.json is not read: it is no CSV or Parquet.",
    }


def test_a_mended_copy_is_made_anew_when_its_file_changes_and_then_goes(tmp_path):
    path = write_lines(tmp_path / "web" / "events.csv", HEADER, "broken")
    workplace = tmp_path / "_mended"
    (first,) = describe_events(tmp_path)["groups"]
    assert json.dumps(first) == json.dumps(describe_events(tmp_path)["groups"][0])
    write_lines(path, HEADER, *good_lines(1, 2), "broken, too")
    assert read_events(tmp_path) == [("e1", "shoes"), ("e2", "shoes")]
    describe_files(tmp_path, tables=TABLES, workplace=workplace)
    assert len(list(workplace.iterdir())) == 2
    write_lines(path, HEADER, *good_lines(1, 2))
    describe_files(tmp_path, tables=TABLES, workplace=workplace)
    assert list(workplace.iterdir()) == []


def test_a_quote_that_is_never_closed_takes_no_later_row_along():
    text = 'a,b\n1,"x\n2,y\n3,"z"\n4,"long\nvalue"\n5,"open\n'
    records = list(read_records(io.StringIO(text), ",", 2))
    assert [(number, record) for number, record, *_ in records if record] == [
        (3, ["2", "y"]), (4, ["3", "z"]), (5, ["4", "long\nvalue"]),
    ]  # fmt: skip
    assert [number for number, _, reason, _ in records if reason] == [2, 7]
