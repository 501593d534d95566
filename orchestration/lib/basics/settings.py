"""What belongs here: what the settings of a run mean, where each default comes from, and the checks
that can be made before anything runs. Which variables there are stands in variables.py."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from orchestration.lib.basics.rule_book_files import check_rule_book_files, list_rule_book_files
from orchestration.lib.basics.variables import PROJECT_ROOT, check_names, read_given
from orchestration.lib.basics.warehouse import has_own_raw_tables, locate_warehouse

# The files that every rule book has. What it may have besides, seeds/shipped lists.
RULE_SEEDS = (
    "models",
    "dimensions",
    "rules_demographic",
    "rules_firmographic",
    "rules_readiness",
    "rules_data_quality",
    "activities",
    "rules_behavioral",
    "rules_sequence",
    "tiers",
    "grades",
    "exclusions",
    "key_fields",
    "custom_attributes",
)


# No time before it is taken for one, and after a year without anything that happens every score is
# what it will stay.
FIRST_DAY = date(1970, 1, 1)
DAYS_AHEAD = 366


# What LEADS_KNOWN may be: every row that has loaded by now counts, or of each as-of date only those
# that had loaded by then.
KNOWN = ("now", "then")

# What LEADS_TARGET may be: the outputs of profiles.yml.
TARGETS = ("duckdb", "postgres", "spark")
# Those whose numbers for addresses and ids Python can make, to find the rows of a person.
ERASING_TARGETS = ("duckdb", "postgres")
# Those beside which intraday runs work.
INTRADAY_TARGETS = ("duckdb", "postgres")


@dataclass(frozen=True)
class Settings:
    """One run's settings; every path is absolute, `raw` is None where LEADS_RAW is not set. The
    as-of dates are one or more, in order, none twice."""

    project: Path
    raw: Path | None
    rules: Path
    warehouse: Path
    published: Path
    as_of_dates: tuple[date, ...]
    known: str
    target: str
    sources: tuple[str, ...] = ()

    @property
    def raw_root(self) -> Path:
        """The folder of raw files: that of LEADS_RAW, else of the generated sample."""
        return self.raw or self.project / "samples/raw"


def load_settings(
    environ: Mapping[str, str] = os.environ,
    *,
    project: Path = PROJECT_ROOT,
    today: date | None = None,
    as_of_dates: Sequence[date] = (),
) -> Settings:
    """Read the LEADS_* settings; a blank one is not set, a relative path starts at `project`.

    `as_of_dates`, where given, are those of the run instead of LEADS_AS_OF. `today` (UTC) is the
    as-of date where neither is given and real data is scored. Raises ValueError where LEADS_AS_OF
    names no days, LEADS_KNOWN is none of its values, or a variable is misspelt.

    >>> settings = load_settings({"LEADS_RAW": "/data", "LEADS_AS_OF": "2026-06-29..2026-06-30"})
    >>> [str(day) for day in settings.as_of_dates], settings.known, settings.rules.name
    (['2026-06-29', '2026-06-30'], 'now', 'rules')
    """
    check_names(environ)
    given = read_given(environ)

    def absolute(name: str, default: str) -> Path:
        return Path(os.path.abspath(project / given.get(name, default)))

    warehouse = locate_warehouse(environ, project=project)
    has_raw = "LEADS_RAW" in given
    sources = read_sources(given.get("LEADS_SOURCES", ""), project=project)
    days = as_of_dates or read_days(given.get("LEADS_AS_OF", ""))
    return Settings(
        project=project,
        raw=absolute("LEADS_RAW", "") if has_raw else None,
        rules=absolute("LEADS_RULES", "seeds/rules"),
        warehouse=warehouse,
        published=locate_published(environ, project=project),
        as_of_dates=tuple(days)
        or (default_as_of(project, warehouse, has_raw=has_raw or bool(sources), today=today),),
        known=read_known(given.get("LEADS_KNOWN", "now")),
        target=read_target(given.get("LEADS_TARGET", "duckdb")),
        sources=sources,
    )


def locate_published(
    environ: Mapping[str, str] = os.environ, *, project: Path = PROJECT_ROOT
) -> Path:
    """Where the publications are, for those who need no other setting, and no warehouse."""
    given = read_given(environ).get("LEADS_PUBLISHED", "published")
    return Path(os.path.abspath(project / given))


def read_days(text: str, *, name: str = "LEADS_AS_OF") -> tuple[date, ...]:
    """The days that `text` names, in order and each once: days and ranges a..b (both ends
    included), separated by commas; none where it is blank. Raises ValueError, with the `name` of
    the setting, where it names something else.

    >>> [str(day) for day in read_days("2026-03-15, 2026-02-28..2026-03-01")]
    ['2026-02-28', '2026-03-01', '2026-03-15']
    >>> read_days("2026-06-31")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: LEADS_AS_OF is '2026-06-31', which is not a day: write it as 2026-06-30, or ...
    """
    days: set[date] = set()
    for part in text.split(",") if text.strip() else []:
        first, dots, last = (piece.strip() for piece in part.partition(".."))
        start = read_day(first, text=text, name=name)
        end = read_day(last, text=text, name=name) if dots else start
        if end < start:
            raise ValueError(
                f"{name} is '{text}', where a range ends before it starts: write the earlier day "
                f"first, {end}..{start}."
            )
        days.update(start + timedelta(days=n) for n in range((end - start).days + 1))
    return tuple(sorted(days))


def read_day(day: str, *, text: str, name: str) -> date:
    """One day of `text`, the value of the setting `name`."""
    which = "which" if day == text else f"of which '{day}'"
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
            raise ValueError
        read = date.fromisoformat(day)
    except ValueError:
        raise ValueError(
            f"{name} is '{text}', {which} is not a day: write it as 2026-06-30, or several as "
            "2026-06-01,2026-06-15 or 2026-06-01..2026-06-30."
        ) from None
    last = datetime.now(UTC).date() + timedelta(days=DAYS_AHEAD)
    if not FIRST_DAY <= read <= last:
        raise ValueError(
            f"{name} is '{text}', {which} cannot be scored: the days from {FIRST_DAY} to {last}, a "
            "year from today, can be."
        )
    return read


def read_known(text: str, *, name: str = "LEADS_KNOWN") -> str:
    """`text` where it is one of KNOWN. Raises ValueError, with the `name` of the setting, where it
    is something else."""
    if text not in KNOWN:
        raise ValueError(
            f"{name} is '{text}', which is neither now (every row that has loaded by now "
            "counts) nor then (of each as-of date only the rows that had loaded by that day)."
        )
    return text


def read_target(text: str) -> str:
    """`text` where it is one of TARGETS. Raises ValueError where it is something else, or where the
    environment lacks its packages.

    >>> read_target("oracle")
    Traceback (most recent call last):
    ValueError: LEADS_TARGET is 'oracle', which is no target: duckdb, postgres, spark are.
    """
    if text not in TARGETS:
        raise ValueError(f"LEADS_TARGET is '{text}', which is no target: {', '.join(TARGETS)} are.")
    if text == "spark" and find_spec("pyspark") is None:
        raise ValueError(
            "LEADS_TARGET is 'spark', which has an environment of its own: `make setup-spark` "
            "makes it, and `make run` or .venv-spark/bin/leads works there."
        )
    return text


def list_vendors(project: Path = PROJECT_ROOT) -> list[str]:
    """What LEADS_SOURCES may name: each has a folder of models; `joined` has what comes of all."""
    folders = (project / "models/sources").iterdir()
    return sorted(path.name for path in folders if path.is_dir() and path.name != "joined")


def read_sources(text: str, *, project: Path = PROJECT_ROOT) -> tuple[str, ...]:
    """The vendors that `text` names, in order. Raises ValueError where one cannot be read or is
    named twice.

    >>> read_sources("hubspot"), read_sources("")
    (('hubspot',), ())
    >>> read_sources("hubsport")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: LEADS_SOURCES names 'hubsport', which is no source. Sources are: ga4, hubspot...
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    vendors = list_vendors(project) if names else []
    for name in names:
        if name not in vendors:
            raise ValueError(
                f"LEADS_SOURCES names '{name}', which is no source. Sources are: "
                f"{', '.join(vendors)}."
            )
        if names.count(name) > 1:
            raise ValueError(f"LEADS_SOURCES names '{name}' twice: name it once.")
    return names


def find_stretches(days: Iterable[date]) -> list[tuple[date, date]]:
    """First and last of each stretch of `days` without a gap; `days` are in order.

    >>> days = read_days("2026-06-01..2026-06-03,2026-06-05")
    >>> [(str(first), str(last)) for first, last in find_stretches(days)]
    [('2026-06-01', '2026-06-03'), ('2026-06-05', '2026-06-05')]
    """
    stretches: list[tuple[date, date]] = []
    for day in days:
        if stretches and day - stretches[-1][1] == timedelta(days=1):
            stretches[-1] = (stretches[-1][0], day)
        else:
            stretches.append((day, day))
    return stretches


def write_days(days: Iterable[date]) -> str:
    """Days as LEADS_AS_OF names them; `days` are in order.

    >>> write_days(read_days("2026-06-05,2026-06-01..2026-06-03"))
    '2026-06-01..2026-06-03,2026-06-05'
    """
    return ",".join(
        f"{first}" if first == last else f"{first}..{last}" for first, last in find_stretches(days)
    )


def read_sample_last_day(project: Path) -> date:
    """The last day of the generated sample."""
    return date.fromisoformat(read_variables(project)["sample_last_day"])


def read_yaml(path: Path) -> Any:
    """What a YAML file says. By the reader that is written in C, where it is there: ten times as
    fast."""
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def read_variables(project: Path) -> dict[str, Any]:
    """The variables of the dbt project."""
    return read_yaml(project / "dbt_project.yml")["vars"]


def default_as_of(
    project: Path, warehouse: Path, *, has_raw: bool, today: date | None = None
) -> date:
    """Today, UTC; the last day of the generated sample where that is what is scored.

    The sample is scored where neither LEADS_RAW nor raw tables in the warehouse say otherwise:
    the same rule as in the dbt macro `raw_root`.
    """
    crm_schema = read_variables(project)["crm_schema"]
    if not has_raw and not has_own_raw_tables(warehouse, crm_schema):
        return read_sample_last_day(project)
    return today or datetime.now(UTC).date()


def list_settings(settings: Settings) -> dict[str, str]:
    """The settings as environment variables for dbt: absolute paths and the fixed as-of dates."""
    values = {
        "LEADS_RULES": settings.rules,
        "LEADS_WAREHOUSE": settings.warehouse,
        "LEADS_PUBLISHED": settings.published,
        "LEADS_AS_OF": write_days(settings.as_of_dates),
        "LEADS_KNOWN": settings.known,
        "LEADS_TARGET": settings.target,
    }
    if settings.raw:
        values["LEADS_RAW"] = settings.raw
    if settings.sources:
        values["LEADS_SOURCES"] = ",".join(settings.sources)
    return {name: str(value) for name, value in values.items()}


def check_settings(settings: Settings) -> None:
    """Stop a run that cannot work before it starts: ValueError where the folder of raw files or
    the rule book (or one of its files) is not there or cannot be read."""
    if settings.raw and not settings.raw.is_dir():
        raise ValueError(
            f"LEADS_RAW is {settings.raw}, but there is no such folder: set it to the folder that "
            "holds crm/, web/ and email/, or unset it to score the generated sample."
        )
    if not settings.rules.is_dir():
        raise ValueError(
            f"LEADS_RULES is {settings.rules}, but there is no such folder: set it to a folder of "
            "rule book CSV files, or unset it to score with seeds/rules."
        )
    missing = [name for name in RULE_SEEDS if not (settings.rules / f"{name}.csv").is_file()]
    if missing:
        files = ", ".join(f"{name}.csv" for name in missing)
        raise ValueError(
            f"The rule book {settings.rules} lacks {files}: add what is missing; a file that "
            "holds its header line and nothing else says that there are no such rules."
        )
    check_rule_book_files(list_rule_book_files(settings.rules, project=settings.project))
