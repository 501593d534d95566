"""What belongs here: the LEADS_* settings, where each default comes from, and the checks that can
be made before anything runs."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import yaml

from orchestration.lib.warehouse import has_table

PROJECT_ROOT = Path(__file__).resolve().parents[2]

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


@dataclass(frozen=True)
class Settings:
    """One run's settings; every path is absolute, `raw` is None where LEADS_RAW is not set."""

    project: Path
    raw: Path | None
    rules: Path
    warehouse: Path
    published: Path
    as_of: date
    target: str


def load_settings(
    environ: Mapping[str, str] = os.environ,
    *,
    project: Path = PROJECT_ROOT,
    today: date | None = None,
) -> Settings:
    """Read the LEADS_* settings; a blank one is not set, a relative path starts at `project`.

    `today` (UTC) is the as-of date where LEADS_AS_OF is not set and real data is scored.
    Raises ValueError where LEADS_AS_OF is not a day.

    >>> settings = load_settings({"LEADS_RAW": "/data", "LEADS_AS_OF": "2026-06-30"})
    >>> settings.as_of, settings.raw, settings.rules.name
    (datetime.date(2026, 6, 30), PosixPath('/data'), 'rules')
    """
    given = {name: value.strip() for name, value in environ.items() if value.strip()}

    def absolute(name: str, default: str) -> Path:
        return Path(os.path.abspath(project / given.get(name, default)))

    warehouse = absolute("LEADS_WAREHOUSE", "warehouse/leads.duckdb")
    has_raw = "LEADS_RAW" in given
    if "LEADS_AS_OF" in given:
        as_of = read_day(given["LEADS_AS_OF"])
    else:
        as_of = default_as_of(project, warehouse, has_raw=has_raw, today=today)
    return Settings(
        project=project,
        raw=absolute("LEADS_RAW", "") if has_raw else None,
        rules=absolute("LEADS_RULES", "seeds/rules"),
        warehouse=warehouse,
        published=absolute("LEADS_PUBLISHED", "published"),
        as_of=as_of,
        target=given.get("LEADS_TARGET", "duckdb"),
    )


def read_day(text: str) -> date:
    """Read LEADS_AS_OF. Raises ValueError where it is not a day written as 2026-06-30.

    >>> read_day("2026-06-31")
    Traceback (most recent call last):
    ValueError: LEADS_AS_OF is '2026-06-31', which is not a day: write it as 2026-06-30.
    """
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"LEADS_AS_OF is '{text}', which is not a day: write it as 2026-06-30."
        ) from None


def default_as_of(
    project: Path, warehouse: Path, *, has_raw: bool, today: date | None = None
) -> date:
    """Today, UTC; the last day of the generated sample where that is what is scored.

    The sample is scored where neither LEADS_RAW nor raw tables in the warehouse say otherwise:
    the same rule as in the dbt macro `raw_root`.
    """
    variables = yaml.safe_load((project / "dbt_project.yml").read_text())["vars"]
    is_sample = not has_raw and not has_table(warehouse, variables["crm_schema"], "leads")
    if is_sample:
        return read_day(variables["sample_last_day"])
    return today or datetime.now(UTC).date()


def list_settings(settings: Settings) -> dict[str, str]:
    """The settings as environment variables for dbt: absolute paths and the fixed as-of date."""
    values = {
        "LEADS_RULES": settings.rules,
        "LEADS_WAREHOUSE": settings.warehouse,
        "LEADS_PUBLISHED": settings.published,
        "LEADS_AS_OF": settings.as_of.isoformat(),
        "LEADS_TARGET": settings.target,
    }
    if settings.raw:
        values["LEADS_RAW"] = settings.raw
    return {name: str(value) for name, value in values.items()}


def check_settings(settings: Settings) -> None:
    """Stop a run that cannot work before it starts: ValueError where the folder of raw files or
    the rule book (or one of its files) is not there."""
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
