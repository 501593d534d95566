"""What belongs here: that no value of a raw table leaves the warehouse in a message, whatever the
database quotes: not on the console, not in a log, not in Dagster's records, in no file at all."""

import os
import shutil
import subprocess
import sys

import duckdb
import pytest

from orchestration.lib.basics.masking import mask_message
from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.built.dbt_command import TARGET

# Whatever of it is told would be found again.
SECRET = "Zyxlovelace"
PHONE = "49170998877"

# SQL that stumbles over the value v, and what is told of it.
STUMBLES = {
    "cast(v as integer)": "Could not convert string <11 letters, blank, 11 digits> to INT32",
    "cast(v || ''' x ''' as integer)": "Could not convert string <11 letters, blank, 11 digits, '",
    "cast(v as timestamp)": "invalid timestamp field format: <11 letters, blank, 11 digits>",
    "cast(v as boolean)": "Could not convert string <",
    "cast(v as integer[])": "Type VARCHAR with value <11 letters, blank, 11 digits> can't be cast",
    f"cast(length(v) + {PHONE} as integer)": "Type INT64 with value <11 digits> can't be cast",
    f"cast({PHONE} as decimal(4, 2))": "Could not cast value <11 digits> to DECIMAL(4,2)",
    f"{PHONE}00000000 * {PHONE}": "Overflow in multiplication of INT64 <",
    "strptime(v, '%Y')": "Could not parse string <",
    "regexp_matches('', v || '(')": "Invalid Input Error: <7 letters, blank, ), :, blank,",
    "error(v)": "Invalid Input Error: <11 letters, blank, 11 digits>",
    "json(v)": "Malformed JSON at byte",
}


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        connection.execute("set errors_as_json = false")
        connection.execute(f"create table t as select '{SECRET} {PHONE}' as v")
        yield connection


@pytest.mark.parametrize(("sql", "told"), STUMBLES.items())
def test_an_error_about_a_value_tells_its_shape(connection, sql, told):
    with pytest.raises(duckdb.Error) as raised:
        connection.execute(f"select {sql} from t").fetchall()
    assert SECRET in str(raised.value) or PHONE in str(raised.value)
    message = mask_message(str(raised.value))
    assert SECRET not in message and PHONE not in message
    assert told in message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"lead_id,email\n1,{SECRET}\xe4\n".encode("latin-1"), "CSV Error on Line: 2; "),
        (f"lead_id,email\n1,{SECRET}\n2,x,{SECRET}\n".encode(), "CSV Error on Line: 3; Expected"),
        (f"lead_id,email\n{SECRET},2\n".encode(), 'converting column "lead_id"'),
    ],
)
def test_an_error_about_a_csv_row_tells_file_and_line(connection, tmp_path, content, told):
    (tmp_path / "leads.csv").write_bytes(content)
    with pytest.raises(duckdb.Error) as raised:
        connection.execute(
            f"from read_csv('{tmp_path / 'leads.csv'}', header = true, auto_detect = false,"
            " delim = ',', columns = {'lead_id': 'integer', 'email': 'varchar'})"
        ).fetchall()
    assert SECRET in str(raised.value)
    message = mask_message(str(raised.value))
    assert SECRET not in message
    assert told in message and f"file = {tmp_path / 'leads.csv'}" in message


@pytest.mark.parametrize(
    "message",
    [
        "rules_demographic.csv, row 3, column attribute: 'shoe_size' is not an attribute.",
        'Binder Error: Referenced column "shoe_size" not found in FROM clause!\nLINE 1: select a',
        "crm.leads has 1,986 rows as of 2026-06-30, 12 of them new.",
        "9 of 40 OK created sql view model staging.base_crm__activities ............ [OK in 0.02s]",
    ],
)
def test_what_quotes_no_value_stays_as_it_is(message):
    assert mask_message(message) == message


REFRESH = """
import sys
from pathlib import Path
from orchestration.cli import daily_run, main

folder = Path(sys.argv[1])
daily_run.DAGSTER_HOME = folder / "dagster"
daily_run.LOG_FILE = daily_run.DAGSTER_HOME / "daily_refresh.log"
daily_run.PROJECT_ROOT = folder
sys.exit(main.run(["run"]))
"""


def test_a_run_that_stumbles_over_a_person_tells_nobody(tmp_path):
    warehouse = tmp_path / "leads.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            f"""
            create schema crm;
            create table crm.export as
            select 'L1' as lead_id, 'ada@{SECRET}.example' as email, '{SECRET} {PHONE}' as name;
            create view crm.leads as
            select
                lead_id, email, cast(name as integer) as employee_count,
                timestamp '2026-01-01' as created_at, timestamp '2026-01-01' as updated_at,
                timestamp '2026-01-01' as _loaded_at
            from crm.export;
            """
        )
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(PROJECT_ROOT / ".dagster" / "dagster.yaml", home)
    environment = {name: value for name, value in os.environ.items() if "LEADS_" not in name}
    done = subprocess.run(
        [sys.executable, "-c", REFRESH, str(tmp_path)],
        cwd=PROJECT_ROOT,
        env={
            **environment,
            "LEADS_WAREHOUSE": str(warehouse),
            "LEADS_PUBLISHED": str(tmp_path / "published"),
            "LEADS_AS_OF": "2026-06-30",
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1
    assert (
        "Conversion Error: Could not convert string <11 letters, blank, 11 digits>" in done.stderr
    )
    log = (home / "daily_refresh.log").read_text()
    assert "Conversion Error: Could not convert string <11 letters, blank, 11 digits>" in log
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path != warehouse]
    assert {"daily_refresh.log", "dagster.yaml"} < {path.name for path in files}
    assert any(path.suffix == ".db" for path in files)
    files += [path for path in TARGET.rglob("*") if path.is_file()]
    told = {str(path): path.read_bytes().lower() for path in files}
    told |= {"stdout": done.stdout.lower().encode(), "stderr": done.stderr.lower().encode()}
    assert not [
        name
        for name, content in told.items()
        if SECRET.lower().encode() in content or PHONE.encode() in content
    ]
