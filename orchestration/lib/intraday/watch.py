"""What belongs here: looking again and again whether something has loaded, at next to no cost, and
running once for what has."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from orchestration.lib.basics.outcomes import InUse
from orchestration.lib.basics.settings import Settings, check_settings
from orchestration.lib.basics.variables import read_given
from orchestration.lib.basics.warehouse import open_warehouse, take_stamp
from orchestration.lib.built.load_raw import find_root, list_raw_tables
from orchestration.lib.decided.acceptances import read_file
from orchestration.lib.delivered.record_delivery import load_crms
from orchestration.lib.delivered.webhook import load_webhook
from orchestration.lib.intraday.answer import IntradayRun
from orchestration.lib.intraday.loads import judge_silence
from orchestration.lib.intraday.raw_rows import RawRows, find_raw_rows
from orchestration.lib.intraday.run import run_intraday
from orchestration.lib.intraday.seen import find_night
from orchestration.lib.published.live import deliver_all, describe_deliveries
from orchestration.lib.published.publication import read_current

# So long what is due is sent after a run; the rest is for the next look.
SENDING_SECONDS = 20.0

# How often it is looked, in seconds: the default, and what LEADS_INTRADAY_SECONDS may be.
SECONDS = 60
SHORTEST, LONGEST = 1, 86_400


@dataclass
class Watch:
    """Who looks again and again: the `mark` of the last look that ended in a run, the `problem`
    that stopped this run, and what is said of feeds that are `silent` since, by raw table."""

    mark: str | None = None
    problem: ValueError | None = None
    silent: dict[str, str] = field(default_factory=dict)

    def look(self, settings: Settings, *, console: TextIO) -> IntradayRun | None:
        """An intraday run where it may find something that the last one did not; None where not.
        Where a feed has fallen silent since, one that has done nothing and warns of it, once.

        Raises what stops it, and at later looks the same without another run, until something
        changes. Raises InUse where another run is at work: the next look is in time.
        """
        mark = take_mark(settings)
        if mark == self.mark:
            if self.problem:
                raise self.problem
            return self.listen(settings)
        self.mark, self.problem, self.silent = None, None, {}
        try:
            check_settings(settings)
            done = run_intraday(settings, run_id=str(uuid4()), console=console, wait_seconds=0)
        except InUse:
            raise
        except ValueError as error:
            self.mark, self.problem = mark, error
            raise
        # What came while it ran is for the next look: the mark is of the time before.
        self.mark = mark
        # What it warns of is said.
        self.silent = judge_silence(settings)
        return done

    def listen(self, settings: Settings) -> IntradayRun | None:
        """What is to be said of feeds that have fallen silent since the last look."""
        before, self.silent = self.silent, judge_silence(settings)
        fresh = [sentence for name, sentence in self.silent.items() if name not in before]
        return IntradayRun(0, [], fresh, None) if fresh else None


def read_seconds(environ: Mapping[str, str] = os.environ) -> int:
    """LEADS_INTRADAY_SECONDS, the default where it is not set. Raises ValueError where it is no
    number of seconds from 1 to a day.

    >>> read_seconds({}), read_seconds({"LEADS_INTRADAY_SECONDS": "5"})
    (60, 5)
    """
    text = read_given(environ).get("LEADS_INTRADAY_SECONDS", str(SECONDS))
    if not text.isdecimal() or not SHORTEST <= int(text) <= LONGEST:
        raise ValueError(
            f"LEADS_INTRADAY_SECONDS is '{text}', which is not a whole number of seconds from "
            f"{SHORTEST} to {LONGEST:,}."
        )
    return int(text)


def take_mark(settings: Settings) -> str:
    """A mark that differs from an earlier one where an intraday run may find what one at that time
    did not: a raw file is new, gone or changed, rows have loaded into raw tables of the warehouse,
    a daily run has published, or a person has accepted what was refused. No raw file is opened for
    it. Raises InUse where raw tables lie in the warehouse and another process holds it.

    >>> from tempfile import TemporaryDirectory
    >>> from orchestration.lib.basics.settings import load_settings
    >>> with TemporaryDirectory() as folder:
    ...     settings = load_settings({"LEADS_RAW": folder, "LEADS_PUBLISHED": folder,
    ...                               "LEADS_WAREHOUSE": f"{folder}/leads.duckdb"})
    ...     before = take_mark(settings)
    ...     is_same = before == take_mark(settings)
    ...     _ = (Path(folder) / "events.csv").write_text("")
    ...     is_same, before == take_mark(settings)
    (True, False)
    """
    live = read_current(settings.published)
    root = find_root(settings)
    told = {
        "files": [list(file) for file in list_files(root)] if root else [],
        "tables": [] if root else find_newest(settings, stamp_raw_tables(settings)),
        "as_of": [str(day) for day in settings.as_of_dates],
        "night": find_night(live).run_id if live else None,
        "accepted": read_file(settings.warehouse)["accepted"],
    }
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def stamp_raw_tables(settings: Settings) -> tuple:
    """What is another where rows were written into raw tables of the warehouse."""
    tables = [(table.schema, table.table) for table in list_raw_tables(settings)]
    return take_stamp(settings.warehouse, tables)


@lru_cache(maxsize=1)
def find_newest(settings: Settings, stamp: tuple) -> list[list]:
    """Of each raw table in the warehouse how many rows it has and when the newest has loaded: asked
    once for a `stamp`. A run writes into the warehouse too, and what it has written is no load."""
    with open_warehouse(settings.warehouse, is_read_only=True, wait_seconds=0) as connection:
        raw = find_raw_rows(connection, settings, None)
        return [
            [name, *connection.execute(f"select {tell(rows)} from {rows.query} as rows").fetchone()]
            for name, rows in raw.items()
        ]


def tell(rows: RawRows) -> str:
    """What is asked of a raw table: a vendor's may have any columns."""
    if not rows.table.columns:
        return "count(*), bit_xor(hash(rows))"
    return f"count(*), max({rows.time('_loaded_at')})::varchar"


def list_files(root: Path) -> Iterator[tuple[str, int, int]]:
    """The files below a folder by name, with their sizes and times."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            try:
                found = path.stat()
            except FileNotFoundError:
                # A loader has put another file in its place since it was listed.
                continue
            yield str(path.relative_to(root)), found.st_size, found.st_mtime_ns


def send() -> list[str]:
    """Deliver what is due to whoever the settings name; what came of it, in sentences."""
    deliveries, complaints = deliver_all(load_webhook(), load_crms(), max_seconds=SENDING_SECONDS)
    return [*describe_deliveries(deliveries), *complaints]
