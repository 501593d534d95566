"""The entry point of Dagster: it loads what `defs` defines, nothing else."""

from pathlib import Path

from dagster import Definitions, definitions, load_from_defs_folder


@definitions
def defs() -> Definitions:
    """Everything under `defs`."""
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
