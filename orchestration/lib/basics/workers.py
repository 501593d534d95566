"""What belongs here: having a function of pandas work on many rows, a piece at a time: in this
process, or, where the warehouse is on Spark, on its workers."""

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.lib.basics.variables import read_given
from orchestration.lib.basics.warehouse import locate_warehouse


def map_frames(
    connection: duckdb.DuckDBPyConnection,
    function: Callable[[pd.DataFrame], pd.DataFrame],
    frames: Iterable[pd.DataFrame],
    *,
    columns: str,
) -> Iterator[pd.DataFrame]:
    """What `function` makes of each of `frames`, which come from the warehouse of `connection`.

    It has to make of each row what it would make of it alone: on workers the pieces are others, and
    come in any order. `columns` says what it gives, in words that SQL has for it.
    """
    if find_warehouse(connection) == locate_warehouse() and is_spark_target():
        yield from map_on_workers(function, frames, columns=columns)
    else:
        yield from map(function, frames)


def is_spark_target() -> bool:
    """Whether dbt builds on Spark."""
    return read_given().get("LEADS_TARGET") == "spark"


def find_warehouse(connection: duckdb.DuckDBPyConnection) -> Path | None:
    """The file of the database that `connection` is in; None where it is on a server."""
    (place,) = connection.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchone()
    return Path(place) if place else None


def map_on_workers(
    function: Callable[[pd.DataFrame], pd.DataFrame],
    frames: Iterable[pd.DataFrame],
    *,
    columns: str,
) -> Iterator[pd.DataFrame]:
    """The same on the workers of Spark: rows go there and come back as Parquet files."""
    from pyspark import cloudpickle
    from pyspark.sql import SparkSession

    session = SparkSession.builder.getOrCreate()
    # The workers know no module of the project: the function goes there with all it calls.
    cloudpickle.register_pickle_by_value(sys.modules[find_module(function)])
    folder = Path(f"{locate_warehouse()}.spark") / "work"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "in").mkdir(parents=True)
    for number, frame in enumerate(frames):
        table = pa.Table.from_pandas(frame, preserve_index=False)
        # Spark counts no nanoseconds.
        pq.write_table(table, folder / "in" / f"{number:06}.parquet", coerce_timestamps="us")

    def work(pieces: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        return map(function, pieces)

    rows = session.read.parquet(str(folder / "in"))
    rows.mapInPandas(work, columns).write.parquet(str(folder / "out"))
    for file in sorted((folder / "out").glob("*.parquet")):
        yield pq.read_table(file).to_pandas(date_as_object=False)
    shutil.rmtree(folder)


def find_module(function: Callable[..., object]) -> str:
    """The module of a function, or of that which it is a part of."""
    return getattr(function, "func", function).__module__
