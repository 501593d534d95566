"""What belongs here: what the project's SQL asks its Python about raw files, as functions of
DuckDB."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.built.raw_files import describe_files, describe_table


def add_functions(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Add two functions to a connection to the file `warehouse`; both give JSON, {"problem":
    <sentence>} where the files cannot be read."""
    workplace = warehouse.with_name(f"{warehouse.name}.mended")

    def raw_table(root: str, table: str, tables: str) -> str:
        return answer(
            lambda: describe_table(
                Path(root), table, tables=json.loads(tables), workplace=workplace
            )
        )

    def raw_files(root: str, tables: str) -> str:
        return answer(
            lambda: describe_files(Path(root), tables=json.loads(tables), workplace=workplace)
        )

    for function, inputs in ((raw_table, 3), (raw_files, 2)):
        connection.create_function(
            f"describe_{function.__name__}",
            function,
            ["varchar"] * inputs,
            "varchar",
            # The files may have changed since it was last asked.
            side_effects=True,
        )


def answer(ask: Callable[[], Any]) -> str:
    """The answer as JSON, or the sentence that says why there is none."""
    try:
        return json.dumps(ask())
    except ValueError as error:
        return json.dumps({"problem": str(error)})
