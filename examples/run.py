"""What belongs here: one example from the downloaded files to its findings.

    leads example olist --data <folder of the downloaded files>

Maps the files to raw tables, runs the daily job on them with the example's rule book, and counts
how often each tier converted. Everything it writes lies under build/examples.
"""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from examples.catalogue import Example, find_example
from examples.conversion import describe_conversion, read_outcomes
from orchestration.lib.basics.settings import PROJECT_ROOT


def list_settings(example: Example) -> dict[str, str]:
    """The LEADS_* settings that the daily job scores the example with."""
    return {
        "LEADS_RAW": str(example.raw),
        "LEADS_RULES": str(example.rules),
        "LEADS_WAREHOUSE": str(example.warehouse),
        "LEADS_PUBLISHED": str(example.published),
        "LEADS_AS_OF": example.as_of.isoformat(),
    }


def run_example(name: str, data: Path) -> int:
    """Prepare, score and count the example `name`; returns the exit code of the daily job.

    Raises ValueError where there is no such example or `data` does not hold its files.
    """
    example = find_example(name)
    prepare = import_module(f"examples.{name}.prepare").prepare
    print("\n".join(prepare(data, example.raw)), flush=True)
    scored = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "run"],
        cwd=PROJECT_ROOT,
        env=os.environ | list_settings(example),
        check=False,
    )
    if scored.returncode:
        return scored.returncode
    print("\n" + "\n".join(describe_conversion(example, read_outcomes(example))))
    return 0
