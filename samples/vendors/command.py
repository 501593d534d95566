"""What belongs here: the command line that the writers of vendors' tables share."""

import argparse
from collections.abc import Callable
from pathlib import Path


def run(module: str, vendor: str, write: Callable[[Path, Path], None]) -> int:
    """Read the command line of `python -m samples.vendors.<module>` and have `write` write the
    tables; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog=f"python -m samples.vendors.{module}",
        description=f"Write the sample as {vendor}'s tables, and what of it {vendor} has.",
    )
    parser.add_argument("--raw", type=Path, default=Path("samples/raw"), help="the sample")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    asked = parser.parse_args()
    write(asked.raw, asked.out)
    return 0
