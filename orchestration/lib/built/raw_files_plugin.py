"""What belongs here: what dbt's macros ask the project's Python about raw files, as functions of
the engine. dbt-duckdb loads it (profiles.yml)."""

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.lib.built.raw_functions import add_functions


class Plugin(BasePlugin):
    """Adds the functions to the engine."""

    def configure_connection(self, conn: Any) -> None:
        """Add them to a new connection."""
        add_functions(conn, Path(self.creds.path).absolute())
