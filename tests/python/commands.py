"""What belongs here: the command `leads` as a program calls it."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def make_environment(**settings: object) -> dict[str, str]:
    """The environment without any settings but these; `warehouse=` is LEADS_WAREHOUSE."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("LEADS_")}
    given = {f"LEADS_{name.upper()}": str(value) for name, value in settings.items()}
    return {**environ, "PYTHONPATH": str(PROJECT), **given}


def run_in(folder: Path, *arguments: str, code: int = 0) -> str:
    """What `leads` says of an installation in `folder` on the sample's last day, which has to end
    with this code."""
    done = run_leads(
        *arguments,
        raw=folder / "raw",
        warehouse=folder / "leads.duckdb",
        published=folder / "published",
        as_of="2026-06-30",
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def run_leads(
    *arguments: str, cwd: Path = PROJECT, timeout: float = 240, **settings: object
) -> subprocess.CompletedProcess[str]:
    """`leads` with these arguments and settings, and no other settings, called in `cwd`."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "orchestration.cli", *arguments],
        cwd=cwd,
        env=make_environment(**settings),
        capture_output=True,
        text=True,
        timeout=timeout,
    )
