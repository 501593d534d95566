"""What belongs here: that nobody writes a warehouse while another one does, plain dbt included, and
that a file which cannot be used is said in a sentence, soon, with who holds it."""

import gc
import os
import re
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from commands import run_leads
from holders import PROJECT, hold_file_elsewhere, hold_lock_elsewhere

from orchestration.cli import main
from orchestration.lib.basics import duckdb_file
from orchestration.lib.basics import warehouse as warehouse_module
from orchestration.lib.basics.duckdb_file import check_name
from orchestration.lib.basics.locks import find_lock, hold_lock, is_held_here, take_lock
from orchestration.lib.basics.progress import divert_output
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.warehouse import attach_warehouse, check_warehouse, open_warehouse
from orchestration.lib.built import dbt_writer
from orchestration.lib.delivered.outbox import open_outbox


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "leads.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table numbers as select range as n from range(100000)")
    return path


def read_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Locks


def test_who_waits_for_a_lock_is_told_soon_and_by_whom_it_is_held(tmp_path, capsys):
    lock = tmp_path / ".lock"
    with hold_lock_elsewhere(lock) as process:
        with pytest.raises(ValueError, match="Another run is at work") as raised:
            take_lock(lock, wait_seconds=1.5)
        assert f"(process {process}, {sys.executable}" in str(raised.value)
        assert re.search(rf"waiting +for another run, .*process {process}", capsys.readouterr().err)
    with hold_lock(lock, wait_seconds=0):
        assert is_held_here(lock)
    assert not is_held_here(lock)


def test_progress_reaches_the_console_while_output_goes_to_a_log(tmp_path, capfd):
    with hold_lock_elsewhere(tmp_path / ".lock"), divert_output(tmp_path / "log"):  # noqa: SIM117
        with pytest.raises(ValueError, match="Another run"):
            take_lock(tmp_path / ".lock", wait_seconds=1.2)
    assert "waiting     for another run" in capfd.readouterr().err
    assert (tmp_path / "log").read_text() == ""


def test_a_lock_that_is_a_link_is_refused_and_what_it_names_is_left_alone(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("all my leads")
    (tmp_path / ".lock").symlink_to(precious)
    with pytest.raises(ValueError, match="is a link, where the lock of a run belongs: move it"):
        take_lock(tmp_path / ".lock", wait_seconds=0)
    (tmp_path / ".lock").unlink()
    os.link(precious, tmp_path / ".lock")
    with pytest.raises(ValueError, match="is linked to another file"):
        take_lock(tmp_path / ".lock", wait_seconds=0)
    assert precious.read_text() == "all my leads"


def test_a_warehouse_that_is_reached_by_a_link_has_one_lock(tmp_path, file):
    (tmp_path / "elsewhere.duckdb").symlink_to(file)
    assert find_lock(tmp_path / "elsewhere.duckdb") == find_lock(file)


def test_plain_dbt_waits_for_a_run_and_says_so(tmp_path):
    warehouse = tmp_path / "leads.duckdb"
    with hold_lock_elsewhere(find_lock(warehouse)) as holder:
        # As a person calls it, in a process of its own.
        dbt = subprocess.Popen(
            [Path(sys.executable).with_name("dbt"), "seed", "--select", "grades", "--quiet"]
            + ["--target-path", "build/test/plain", "--log-path", "build/test/plain"],
            cwd=PROJECT,
            env={**os.environ, "LEADS_WAREHOUSE": str(warehouse)},
            stderr=subprocess.PIPE,
            text=True,
        )
        told = dbt.stderr.readline()
        assert re.search(rf"waiting +for another run, .*\(process {holder}, ", told)
        assert not warehouse.exists()
    dbt.communicate(timeout=120)
    assert dbt.returncode == 0
    # And from then on it had the lock itself.
    assert "dbt seed --select grades" in find_lock(warehouse).read_text()
    assert read_mode(warehouse) == 0o600


@pytest.mark.parametrize(("command", "takes_it"), [("build", True), ("compile", False)])
def test_commands_of_dbt_that_only_read_wait_for_no_run(tmp_path, monkeypatch, command, takes_it):
    # Nothing has run yet: its folder is not there either.
    warehouse = tmp_path / "warehouse" / "leads.duckdb"
    flags = SimpleNamespace(WHICH=command, LOG_PATH=None, TARGET_PATH=None)
    monkeypatch.setattr(dbt_writer, "get_flags", lambda: flags)
    monkeypatch.chdir(tmp_path)
    plugin = dbt_writer.Plugin("dbt_writer", {})
    # Whatever folder dbt is called in, paths start at the project.
    assert Path.cwd() == PROJECT
    plugin.update_connection_config(SimpleNamespace(path=str(warehouse)), {})
    assert is_held_here(find_lock(warehouse)) == takes_it
    with duckdb.connect(str(warehouse)) as connection:
        plugin.configure_connection(connection)
        plugin.configure_cursor(connection)
        rules = connection.execute("select getvariable('rules_sha256')").fetchone()
    assert rules == (hash_rules(PROJECT / "seeds/rules"),)
    # Let go of with the plugin, as dbt does in a process that goes on.
    del plugin
    gc.collect()
    assert not is_held_here(find_lock(warehouse))


# Files


@pytest.mark.parametrize("damage", ["empty", "text", "half", "folder"])
def test_a_file_that_is_no_warehouse_is_said_in_a_sentence(file, damage):
    content = file.read_bytes()
    file.unlink()
    if damage == "folder":
        file.mkdir()
    else:
        bytes_left = {"empty": b"", "text": b"hello\n" * 3000, "half": content[:9000]}
        file.write_bytes(bytes_left[damage])
    words = {
        "empty": r"is empty \(0 bytes\), so it is no DuckDB file\. If it is damaged, move it away",
        "text": "not a valid DuckDB database file. If it is damaged, move it away and run again",
        "half": "Could not read enough bytes .*If it is damaged, move it away and run again",
        "folder": "is a folder, where the file of the warehouse belongs",
    }
    started = time.monotonic()
    for use in (check_warehouse, lambda path: open_warehouse(path).__enter__()):
        with pytest.raises(ValueError, match=words[damage]) as raised:
            use(file)
        assert str(file) in str(raised.value) and "\n" not in str(raised.value)
    with pytest.raises(ValueError, match=words[damage]), attach_warehouse(file):
        pass
    assert time.monotonic() - started < 5


def test_a_held_file_is_said_within_five_seconds_with_the_process(file, capsys):
    with hold_file_elsewhere(file) as process:
        started = time.monotonic()
        with pytest.raises(ValueError, match="is held by another process") as raised:
            check_warehouse(file)
        assert time.monotonic() - started < 5
        assert f"(process {process}, {sys.executable} -c import sys, duckdb" in str(raised.value)
        assert f"process {process}" in capsys.readouterr().err


def test_a_reader_that_holds_the_file_for_a_moment_is_waited_for(file):
    with hold_file_elsewhere(file) as process:
        threading.Timer(1, os.kill, (process, 9)).start()
        check_warehouse(file)


def test_a_run_on_its_way_waits_longer_than_one_that_begins(file, monkeypatch):
    monkeypatch.setattr(duckdb_file, "WAIT_SECONDS", 0.1)
    with hold_file_elsewhere(file) as process:
        with pytest.raises(ValueError, match="held by another process"), attach_warehouse(file):
            pass
        threading.Timer(1, os.kill, (process, 9)).start()
        with hold_lock(find_lock(file), wait_seconds=0), attach_warehouse(file) as connection:
            assert connection.execute("from warehouse.numbers").fetchone() == (0,)


AS_NOBODY = """
import os, sys
os.chdir("/")
from pathlib import Path
from orchestration.lib.basics.warehouse import check_warehouse
os.setuid(65534)
try:
    check_warehouse(Path(sys.argv[1]))
except ValueError as error:
    print(error)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs to be able to become another user")
@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o777), (0o666, 0o555)])
def test_a_read_only_file_or_folder_is_said_in_a_sentence(file, file_mode, folder_mode):
    for folder in [file.parent, *file.parent.parents[:-2]]:
        folder.chmod(folder_mode if folder == file.parent else 0o755)
    file.chmod(file_mode)
    outcome = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(file)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
    )
    assert outcome.stdout.startswith(f"{file} cannot be "), outcome.stderr
    assert "this user may not" in outcome.stdout or "may write into" in outcome.stdout


@pytest.mark.parametrize(
    "name", ["main", "Memory", "temp", "system", "rules", "snapshots", "it's", 'a"b', "a#b"]
)
def test_a_name_that_the_database_cannot_have_is_refused(name):
    with pytest.raises(ValueError, match="the file cannot have that name: "):
        check_name(Path(f"/data/{name}.v2.duckdb"))


@pytest.mark.parametrize("name", ["leads-1", "lead scores", "leads.v2", ".leads", "1", "Ünsere"])
def test_other_names_are_fine(tmp_path, name):
    check_warehouse(tmp_path / f"{name}.duckdb")
    with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as connection:
        connection.execute("create schema rules; create table rules.models as select 1 as one")
    check_warehouse(tmp_path / f"{name}.duckdb")


@pytest.mark.parametrize(
    "command", [["run"], ["preview"], ["replay", "2026-06-01"], ["restore"], ["settings"]]
)
def test_every_command_says_so_and_ends_with_one(tmp_path, command):
    file = tmp_path / "leads.duckdb"
    file.write_bytes(b"")
    outcome = run_leads(*command, warehouse=file, published=tmp_path / "published", timeout=60)
    assert outcome.returncode == 1
    assert "Traceback" not in outcome.stderr
    assert outcome.stderr.startswith(f"{file} is empty (0 bytes)")


# Who may read what


def test_what_the_project_writes_is_for_its_owner_alone(tmp_path):
    folder = tmp_path / "new"
    with hold_lock(find_lock(folder / "leads.duckdb"), wait_seconds=0):
        connection = duckdb.connect(str(folder / "leads.duckdb"))
        connection.execute("create table t as select 1 as one")
        with open_outbox(folder / "leads.outbox.sqlite"), divert_output(folder / "run.log"):
            pass
        assert (folder / "leads.duckdb.wal").exists()
        modes = {path.name: read_mode(path) for path in folder.iterdir()}
        connection.close()
    assert read_mode(folder) == 0o700
    assert set(modes) >= {".leads.duckdb.lock", "leads.duckdb", "leads.outbox.sqlite", "run.log"}
    assert set(modes.values()) == {0o600}


def test_the_page_of_dagster_keeps_its_files_for_its_owner_too(monkeypatch):
    called = []
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setattr(os, "execv", lambda *words: called.append((words, os.umask(0o077))))
    main.run(["ui", "--port", "3001"])
    [((program, words), mask)] = called
    assert program == sys.executable and words[-2:] == ["--port", "3001"]
    assert mask == 0o077


def test_a_run_takes_the_lock_before_it_reads_anything(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LEADS_WAREHOUSE", str(tmp_path / "leads.duckdb"))
    monkeypatch.setattr(warehouse_module, "WAIT_SECONDS_FOR_RUN", 0.2)
    with hold_lock_elsewhere(tmp_path / ".leads.duckdb.lock") as process:
        assert main.run(["run"]) == 1
    assert f"Another run is at work: it holds {tmp_path}/.leads.duckdb.lock (process {process}" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("open_it", [attach_warehouse, open_warehouse])
def test_what_python_asks_of_the_warehouse_takes_no_more_memory_than_it_may(
    file, monkeypatch, open_it
):
    monkeypatch.setenv("LEADS_MEMORY_LIMIT", "200MB")
    with open_it(file) as connection:
        limit, spilled = connection.execute(
            "select current_setting('memory_limit'), current_setting('temp_directory')"
        ).fetchone()
    assert limit == "190.7 MiB"
    # What it cannot hold lies beside the warehouse, and not where the command was called.
    assert Path(spilled).parent == file.parent
