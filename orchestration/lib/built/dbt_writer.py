"""What belongs here: what dbt does before it opens the warehouse, whoever has started it.

dbt-duckdb loads this module as a plugin (profiles.yml), so that a plain `dbt build` takes the same
lock and says the same sentences as the daily refresh.
"""

import os
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError

from orchestration.lib.basics.duckdb_file import check_place, wait_for_file
from orchestration.lib.basics.locks import find_lock, is_held_here, take_lock
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.basics.variables import check_names, read_given
from orchestration.lib.basics.warehouse import WAIT_SECONDS_FOR_RUN

# The commands that write tables. Others (compile, docs, show, sqlfluff) wait for no run.
WRITING = frozenset(["build", "clone", "retry", "run", "run-operation", "seed", "snapshot", "test"])


class Plugin(BasePlugin):
    """The warehouse for this dbt alone, from its first connection until dbt has let go of it."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """The rule book as it is when dbt begins; paths start at the project from here on."""
        os.chdir(PROJECT_ROOT)
        try:
            check_names()
        except ValueError as error:
            raise DbtRuntimeError(str(error)) from None
        rules = read_given().get("LEADS_RULES", "seeds/rules")
        self.rules_sha256 = hash_rules(PROJECT_ROOT / rules)
        self.lock = None
        self.first_connection: duckdb.DuckDBPyConnection | None = None

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Take the lock and open the file; dbt's own connection to it follows at once."""
        # Only now: dbt has made them before any of this project's code ran.
        flags = get_flags()
        for folder in (Path(flags.LOG_PATH or "logs"), Path(flags.TARGET_PATH or "target")):
            if folder.is_dir():
                folder.chmod(0o700)
        warehouse = Path(os.path.abspath(creds.path))
        lock = find_lock(warehouse)
        try:
            if getattr(flags, "WHICH", None) in WRITING and not is_held_here(lock):
                self.lock = take_lock(lock, wait_seconds=WAIT_SECONDS_FOR_RUN)
            check_place(warehouse)
            warehouse.parent.mkdir(parents=True, exist_ok=True)
            # Open until dbt's is: nobody can come between.
            self.first_connection = wait_for_file(
                lambda: duckdb.connect(creds.path, read_only=False, config=config), warehouse
            )
        except ValueError as error:
            raise DbtRuntimeError(str(error)) from None

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """dbt's connection is there, so that ours is no longer needed."""
        if self.first_connection:
            self.first_connection.close()
            self.first_connection = None

    def configure_cursor(self, cursor: Any) -> None:
        """Have the models know which rule book they are built with."""
        cursor.execute(f"set variable rules_sha256 = '{self.rules_sha256}'")
