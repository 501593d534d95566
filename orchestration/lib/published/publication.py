"""What belongs here: the published copies of the marts. Each publication is a folder of its own
under versions/ that is never changed again, but where a person is erased (lib/erased); `current`
names the live one.

    published/
        current -> versions/<publication id>   replaced in one rename, which is the switch
        leads.duckdb -> current/leads.duckdb   made once, as are the links to the other files
        versions/<publication id>/             leads.duckdb, a <mart>.parquet each, the folder
                                               lead_score_history, the folder rules with the rule
                                               book, manifest.json, index.html with what it
                                               loads in the folder page

A reader that has a file open goes on reading it: nothing is ever written in place. `leads.duckdb`
can be opened by its plain name at any time. Programs that are given the path of a Parquet file
open it more than once (pyarrow, pandas and DuckDB do: for its schema, then for its rows), so they
resolve `current` first and read from that folder, as does whoever needs files that fit together:

    folder = os.path.realpath("published/current")
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.locks import hold_lock
from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.basics.progress import say_once
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.warehouse import attach_warehouse, is_on_server
from orchestration.lib.decided.acceptances import list_passages
from orchestration.lib.published.copies import AT_ONCE, copy_marts
from orchestration.lib.published.history import (
    HISTORY,
    ORDER,
    KnownPart,
    Part,
    create_history_view,
    export_history,
    find_known_parts,
)
from orchestration.lib.published.on_server import drop_on_server, show_on_server
from orchestration.lib.published.page import write_page
from orchestration.lib.published.page_data import DATA, EarlierPage
from orchestration.lib.published.replaced import (
    HAND_OVER_RULES,
    LEAD_MARTS,
    Replacement,
    replace_rows,
)

# The published marts and the order of their rows, those of the history in each of its parts.
MARTS = {
    "lead_score_ledger": "as_of_date, model_id, lead_id, rule_id",
    "lead_scores": "as_of_date, model_id, lead_id",
    "lead_tiers": "as_of_date, model_id, lead_id",
    HISTORY: ORDER,
    "scored_days": "model_id, as_of_date",
    "scored_leads": "model_id, lead_id",
    "lead_score_changes": "model_id, lead_id, rule_id",
    "intraday_leads": "lead_id",
    "lead_outlook": "as_of_date, model_id, lead_id",
    "tier_cut_offs": "as_of_date, model_id, tier",
    "tier_stability": "model_id",
    "hand_overs": "model_id, lead_id, hand_over_number",
    "hand_over_rules": "idempotency_key, rule_id",
    "lead_score_parts": "as_of_date, model_id, lead_id, part",
    "lead_unknowns": "as_of_date, model_id, lead_id",
    "unknown_fields": "as_of_date, model_id, attribute",
    "lead_activities": "as_of_date, lead_id, activity",
    "account_scores": "as_of_date, model_id, account_id",
    "sales_forecast": "as_of_date, opportunity_id",
    "forecast": "as_of_date, month, product",
    "deal_stage_conversion": "as_of_date, stage",
    "model_health": "as_of_date, model_id",
    "rule_health": "as_of_date, model_id, rule_id",
    "attribute_worth": "as_of_date, model_id, kind, attribute, value",
    "ideal_customer_profile": "model_id, place",
    "score_trend": "as_of_date, model_id",
    "lead_funnel": "as_of_date, model_id, position",
    "hand_over_feedback": "as_of_date, model_id, kind, value",
    "tier_promises": "model_id, kind, place",
    "promise_checks": "model_id, kind, name, promised_on",
    "published_promises": "model_id, kind, name, as_of_date",
    "worked_anyway": "model_id, lead_id",
    "lead_confidence": "as_of_date, model_id, lead_id",
    "model_confidence": "model_id",
    "confidence_curves": "model_id, score, deal_stage_pct, sales_activities",
    "backtest": "model_id, as_of_date, segment, metric",
    "leakage": "model_id, kind, name",
    "backtest_cohorts": (
        "model_id, as_of_date, tier, grade, score, deal_stage_pct, sales_activities"
    ),
    "quarantine": "table_name, file_name, line_number, row_key, column_name",
    "feed_health": "as_of_date, table_name, measure",
    "score_health": "as_of_date, model_id, measure",
    "metricflow_time_spine": "date_day",
}

# The folder of the rule book that was scored with, for whoever compares another one with it. Who is
# excluded names people by their addresses, and stays where it was written.
RULES = "rules"
NOT_PUBLISHED = ("exclusions.csv",)

PUBLISHED_FILES = [
    "leads.duckdb",
    *(HISTORY if mart == HISTORY else f"{mart}.parquet" for mart in MARTS),
    RULES,
    DATA,
    "index.html",
    "manifest.json",
]

KEEP = 7
# Whoever reads one has until the next but one.
PASSING = 2

Manifest = dict[str, Any]

# Folders that are being made, or deleted, begin with a dot.
LEFTOVER = re.compile(r"\.\d{8}T\d{6}Z-[0-9a-f]{6}")

# What every manifest says.
MANIFEST_KEYS = {
    "publication_id": str,
    "run_id": str,
    "published_at": str,
    "raw": str | None,
    "as_of_date": str,
    "row_counts": dict,
    "mean_score": int | float,
    "rule_book": dict,
    "files": dict,
}


def publish(
    warehouse: Path,
    published: Path,
    *,
    run_id: str,
    rules: Path,
    raw: Path | None = None,
    keep: int = KEEP,
    keep_days: int | None = None,
    replacement: Replacement | None = None,
    intraday: Mapping[str, Any] | None = None,
) -> Manifest:
    """Copy the marts of `warehouse` into a new publication, make it the live one, and return its
    manifest. The newest `keep` publications stay, of these none that is older than `keep_days`; the
    live one always does.

    Of an `intraday` run, what its manifest says of it; `replacement` then says of which leads rows
    of the live publication are replaced.

    `rules` is the folder of the rule book's CSV files, `raw` that of the raw files (None: the
    generated sample, or tables in the warehouse). Raises ValueError where there is nothing to
    publish; the live publication is then untouched.
    """
    if keep < 1:
        raise ValueError(f"At least one publication must be kept, not {keep}.")
    versions = published / "versions"
    make_readable_folder(versions)
    with hold_lock(published / ".lock", wait_seconds=120):
        clear_leftovers(published)
        published_at = datetime.now(UTC)
        publication_id = f"{published_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        folder = versions / f".{publication_id}"
        make_readable_folder(folder / HISTORY)
        make_readable_folder(folder / DATA)
        copy_rules(rules, folder / RULES)
        earlier = list_publications(published)
        known = find_known_parts(versions, earlier)
        manifest = {
            "publication_id": publication_id,
            "run_id": run_id,
            "published_at": published_at.isoformat(),
            "raw": str(raw) if raw else None,
            **(
                replace_rows(replacement, folder, place=versions / publication_id, orders=MARTS)
                if replacement
                else export_marts(warehouse, folder, place=versions / publication_id, known=known)
            ),
            **({"intraday": dict(intraday)} if intraday else {}),
        }
        manifest["rule_book"]["sha256"] = hash_rules(rules)
        manifest["rule_book"]["gate"] = list_passages(
            warehouse, manifest["rule_book"]["sha256"], since=find_newest_time(earlier)
        )
        with ThreadPoolExecutor(AT_ONCE) as threads:

            def settle(names: Iterable[str]) -> dict[str, Future[str]]:
                linked = find_linked(folder, manifest, known, replacement)
                return {
                    name: threads.submit(settle_file, folder / name, linked.get(name))
                    for name in names
                }

            # The disk is slow and checksums take a while: both go on while the page is made.
            settled = settle(list_files(folder))
            with duckdb.connect(str(folder / "leads.duckdb"), read_only=True) as connection:
                page = find_earlier_page(connection, replacement)
                names = write_page(connection, folder, manifest, page)
            settled |= settle(names)
        manifest["files"] = {name: settled[name].result() for name in sorted(settled)}
        write_manifest(folder, manifest)
        settle_file(folder / "manifest.json")
        sync(folder / HISTORY)
        sync(folder / RULES)
        sync(folder / DATA)
        sync(folder)
        folder.rename(versions / publication_id)
        sync(versions)
        if is_on_server(warehouse):
            show_on_server(
                warehouse,
                versions / publication_id,
                MARTS,
                like=replacement.manifest["publication_id"] if replacement else None,
                same=MARTS.keys() - {*LEAD_MARTS, HAND_OVER_RULES},
            )
        switch_to(published, publication_id)
        oldest = published_at - timedelta(days=keep_days) if keep_days else None
        drop_old(published, keep=keep, before=oldest)
        if is_on_server(warehouse):
            drop_on_server(kept["publication_id"] for kept in list_publications(published))
    return manifest


def find_linked(
    folder: Path,
    manifest: Manifest,
    known: Mapping[str, KnownPart],
    replacement: Replacement | None,
) -> dict[str, str]:
    """The checksums of the files in `folder` that are those of an earlier publication, by name."""
    if replacement:
        return {
            name: checksum
            for name, checksum in replacement.manifest["files"].items()
            if is_same_file(folder / name, replacement.folder / name)
        }
    return {
        f"{HISTORY}/{part}.parquet": known[said["written_id"]].sha256
        for part, said in manifest["history"].items()
        if said["written_id"] in known
    }


def is_same_file(path: Path, other: Path) -> bool:
    """Whether both are there and one is a link to the other."""
    return path.exists() and other.exists() and path.samefile(other)


def find_earlier_page(
    connection: duckdb.DuckDBPyConnection, replacement: Replacement | None
) -> EarlierPage | None:
    """What the page of a publication made of the live one takes over from it."""
    if replacement is None:
        return None
    connection.execute(f"attach {quote(replacement.small)} as small (read_only)")
    touched = connection.execute("select lead_id from small.main.touched_leads").fetchall()
    connection.execute("detach small")
    return EarlierPage(replacement.folder, [lead_id for (lead_id,) in touched])


def copy_rules(rules: Path, folder: Path) -> None:
    """Copy the rule book's files into a new `folder`, but for NOT_PUBLISHED."""
    make_readable_folder(folder)
    for file in sorted(rules.glob("*.csv")):
        if file.name not in NOT_PUBLISHED:
            shutil.copyfile(file, folder / file.name)


def find_newest_time(manifests: Iterable[Manifest]) -> datetime | None:
    """When the newest of these publications was published, UTC; None where there is none."""
    times = [datetime.fromisoformat(manifest["published_at"]) for manifest in manifests]
    return max(times, default=None)


def list_files(folder: Path) -> list[str]:
    """The files in a folder and those below it, the largest first."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    files.sort(key=lambda path: path.stat().st_size, reverse=True)
    return [str(path.relative_to(folder)) for path in files]


def settle_file(path: Path, sha256: str | None = None) -> str:
    """Have a file of a publication reach the disk, for everybody to read and nobody to change;
    returns its checksum. `sha256` is that of one that is linked and has all this behind it."""
    if sha256:
        return sha256
    # Checksums hold for ever, and a reader that forgot to open read-only is told.
    path.chmod(0o444)
    sync(path)
    return hash_file(path)


def find_reason_to_keep(live: Manifest | None, *, as_of: date) -> str | None:
    """Why a run whose newest day is `as_of` leaves the `live` publication in place unless it was
    told not to; None where it may take its place.

    >>> find_reason_to_keep({"as_of_date": "2026-06-30"}, as_of=date(2026, 6, 30))
    >>> find_reason_to_keep({"as_of_date": "2026-06-30"}, as_of=date(2026, 6, 29))
    'The live publication speaks for 2026-06-30 and stays: this run is about 2026-06-29.'
    """
    if live is None or date.fromisoformat(live["as_of_date"]) <= as_of:
        return None
    return (
        f"The live publication speaks for {live['as_of_date']} and stays: "
        f"this run is about {as_of}."
    )


def roll_back(published: Path, publication_id: str, *, warehouse: Path) -> Manifest:
    """Make an older publication of `warehouse` the live one again and return its manifest.

    Raises ValueError, and changes nothing, where there is none of that id or one of its files is
    not the one that was published.
    """
    with hold_lock(published / ".lock", wait_seconds=120):
        folder = published / "versions" / publication_id
        known = [manifest["publication_id"] for manifest in list_publications(published)]
        if publication_id not in known:
            raise WrongUse(
                f"There is no publication {publication_id!r} in {published}; there are: "
                f"{', '.join(known) or 'none'}."
            )
        manifest = read_manifest(folder)
        for name, checksum in manifest["files"].items():
            if not (folder / name).is_file() or hash_file(folder / name) != checksum:
                raise ValueError(
                    f"{folder / name} is not the file that was published: its checksum differs "
                    "from the manifest. The live publication stays; choose another one."
                )
        if is_on_server(warehouse):
            show_on_server(warehouse, folder, MARTS)
        switch_to(published, publication_id)
    return manifest


def list_publications(published: Path) -> list[Manifest]:
    """The manifests of the publications that are there, newest first. Damaged ones, and what else
    lies between them, are skipped with a warning each."""
    manifests = []
    for folder in sorted((published / "versions").glob("[!.]*")):
        try:
            manifests.append(read_manifest(folder))
        except ValueError as error:
            say_once(
                f"Skipped: {folder} {error}. `leads publications` lists the publications that can "
                "be used; move this one away, and nothing is said of it any more."
            )
    return sorted(manifests, key=lambda manifest: manifest["published_at"], reverse=True)


def list_daily(published: Path) -> list[Manifest]:
    """Those of daily runs: what a daily run compares with does not hang on how often it was scored
    during the day."""
    return [manifest for manifest in list_publications(published) if "intraday" not in manifest]


def read_current(published: Path) -> Manifest | None:
    """The manifest of the live publication; None before the first one, and where it is damaged,
    with a warning."""
    current = published / "current"
    if not os.path.lexists(current):
        return None
    folder = Path(os.path.realpath(current))
    try:
        manifest = read_manifest(folder)
        check_files(folder, manifest, ["leads.duckdb"])
    except ValueError as error:
        say_once(
            f"The live publication is damaged: {folder} {error}. Nothing is compared with it, and "
            "the next run that passes its audits publishes anew. `leads rollback <publication "
            "id>` goes back to one of those that `leads publications` lists."
        )
        return None
    return manifest


def has_files(published: Path, manifest: Manifest, names: Iterable[str]) -> bool:
    """Whether these files of a publication are those that were published; where they are not, with
    a warning."""
    folder = published / "versions" / manifest["publication_id"]
    try:
        check_files(folder, manifest, names)
    except ValueError as error:
        say_once(
            f"Skipped: {folder} {error}. `leads publications` lists the publications, `leads "
            "rollback` goes back to one that is whole; move this one away, and nothing is said of "
            "it any more."
        )
        return False
    return True


def check_files(folder: Path, manifest: Manifest, names: Iterable[str]) -> None:
    """ValueError, as the rest of a sentence about `folder`, where one of these files of its
    publication is not the one that was published."""
    for name in names:
        file = folder / name
        if name not in manifest["files"]:
            raise ValueError(f"has no {name}")
        try:
            # Files of a publication never change: what has been read need not be read again.
            status = file.stat()
            checksum = hash_file_once(file, status.st_size, status.st_mtime_ns)
        except OSError as error:
            raise ValueError(f"has no {name} that can be read ({error.strerror})") from None
        if checksum != manifest["files"][name]:
            raise ValueError(f"has another {name} than was published: its checksum differs")


@lru_cache
def hash_file_once(path: Path, _size: int, _changed: int) -> str:
    """The SHA-256 of a file with that size and time of change."""
    return hash_file(path)


def export_marts(
    warehouse: Path,
    folder: Path,
    *,
    place: Path,
    known: dict[str, KnownPart],
) -> Manifest:
    """Copy the marts into leads.duckdb and one Parquet file each, the history into its parts, of
    which those `known` are linked; returns what the manifest says of their content. `place` is
    where the folder will be. Raises ValueError where a mart is missing or no lead is scored."""
    with attach_warehouse(warehouse) as connection:
        there = connection.execute(
            "select table_name from information_schema.tables"
            " where table_catalog = 'warehouse' and table_schema = 'main'"
        ).fetchall()
        missing = [mart for mart in MARTS if (mart,) not in there]
        if missing:
            raise ValueError(f"{warehouse} holds no {', '.join(missing)}: run dbt build first.")
        # Readable by every DuckDB 1.x.
        connection.execute(
            f"attach {quote(folder / 'leads.duckdb')} as published (storage_version 'v1.0.0')"
        )
        history = export_history(connection, folder / HISTORY, known=known)
        create_history_view(connection, folder, place=place)
        row_counts = copy_marts(
            connection,
            folder,
            orders={mart: order for mart, order in MARTS.items() if mart != HISTORY},
        )
        row_counts[HISTORY] = sum(part["rows"] for part in history.values())
        content = describe_content(connection, {mart: row_counts[mart] for mart in MARTS}, history)
        connection.execute("detach published")
    return content


def describe_content(
    connection: duckdb.DuckDBPyConnection, row_counts: dict[str, int], history: dict[str, Part]
) -> Manifest:
    """As-of date, mean score and rule book of the attached `published` marts, beside their
    `row_counts` and the parts of the `history`."""
    as_of, mean, leads = connection.execute(
        "select max(as_of_date), avg(score), count(distinct lead_id) from published.scored_leads"
    ).fetchone()
    if as_of is None:
        raise ValueError("No lead is scored, so there is nothing to publish.")
    return {
        "as_of_date": as_of.isoformat(),
        "row_counts": row_counts,
        "history": history,
        "raw_row_counts": dict(
            connection.execute(
                "select table_name, rows_read from warehouse.intermediate.raw_row_counts"
            ).fetchall()
        ),
        "erasures": [
            receipt_id
            for (receipt_id,) in connection.execute(
                "select distinct receipt_id from warehouse.main.erased_people order by receipt_id"
            ).fetchall()
        ],
        "leads": leads,
        "mean_score": round(mean, 4),
        "rule_book": {"models": describe_models(connection)},
        "health": describe_health(connection, as_of),
    }


def describe_health(connection: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, Any]:
    """What the raw tables looked like on the day `as_of`, by table and measure; what was accepted
    for this publication, by whom and why; and the models whose hand-overs are held back."""
    feeds: dict[str, dict[str, float]] = {}
    for table, measure, value in connection.execute(
        "select table_name, measure, cast(value as double) from published.feed_health"
        " where as_of_date = ? order by all",
        [as_of],
    ).fetchall():
        feeds.setdefault(table, {})[measure] = value
    accepted = connection.execute(
        """
        with judged as (
            select as_of_date, table_name as subject, * exclude (as_of_date, table_name)
            from published.feed_health
            union all
            select * from published.score_health
        )

        select
            subject || '.' || measure as what,
            cast(value as double) as value,
            cast(usual_low as double) as usual_low,
            cast(usual_high as double) as usual_high,
            accepted_by as by,
            accepted_because as because
        from judged
        where as_of_date = ? and verdict = 'accepted'
        order by what
        """,
        [as_of],
    )
    names = [column[0] for column in accepted.description]
    rows = [dict(zip(names, row, strict=True)) for row in accepted.fetchall()]
    held = connection.execute(
        "select distinct model_id from published.score_health where verdict = 'hold' order by 1"
    ).fetchall()
    return {
        "feeds": feeds,
        "accepted": rows,
        "held": [model_id for (model_id,) in held],
    }


def describe_models(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """The models that are scored: version, title, role, product (empty: all) and tiers of each. The
    champions come first, before all others the one of every product."""
    rows = connection.execute(
        """
        select trim(model_id), model_version, trim(title), lower(trim(role)),
            lower(coalesce(trim(product), '')) as for_product
        from warehouse.rules.models
        inner join (
            select model_id as scored_id, max(model_version) as model_version
            from published.scored_leads
            group by all
        ) on trim(model_id) = scored_id
        order by lower(trim(role)) <> 'champion', for_product, scored_id
        """
    ).fetchall()
    return {
        model_id: {
            "version": version,
            "title": title,
            "role": role,
            "product": product,
            "tiers": list_tiers(connection, model_id),
        }
        for model_id, version, title, role, product in rows
    }


def list_tiers(connection: duckdb.DuckDBPyConnection, model_id: str) -> list[dict[str, Any]]:
    """The tiers of a model, the highest first: tier, enter_at, hands_over."""
    rows = connection.execute(
        """
        select
            trim(written.tier), cast(written.enter_at as double), coalesce(read.hands_over, false)
        from warehouse.rules.tiers as written
        left join warehouse.rule_book.model_tiers as read
            on trim(written.model_id) = read.model_id and trim(written.tier) = read.tier
        where trim(written.model_id) = ?
        order by 2 desc
        """,
        [model_id],
    ).fetchall()
    return [dict(zip(("tier", "enter_at", "hands_over"), row, strict=True)) for row in rows]


def switch_to(published: Path, publication_id: str) -> None:
    """Make a finished publication the live one, in one rename."""
    for name in ["current", *PUBLISHED_FILES]:
        link = published / name
        if link.exists() and not link.is_symlink():
            raise ValueError(
                f"{link} is in the way: the link to the live publication belongs there. "
                "Move it away, then run again."
            )
        if not link.is_symlink() and name != "current":
            link.symlink_to(f"current/{name}")
    fresh = published / f".current-{publication_id}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(f"versions/{publication_id}")
    os.replace(fresh, published / "current")
    for link in published.iterdir():
        # To what an earlier version of the project published, and this one does not.
        if link.is_symlink() and link.name not in PUBLISHED_FILES and is_left_over(link):
            link.unlink()
    sync(published)


def is_left_over(link: Path) -> bool:
    """Whether a link leads to a file of the live publication that is not there."""
    return Path(os.readlink(link)).parent == Path("current") and not link.exists()


def drop_old(published: Path, *, keep: int, before: datetime | None = None) -> int:
    """Delete all but the newest `keep` publications of daily runs and PASSING of intraday runs, and
    those published `before` a time, never the live one nor the newest daily one of the day before,
    which the next run of the same day compares with; returns how many."""
    live = read_current(published)
    manifests = list_publications(published)
    daily = [manifest for manifest in manifests if "intraday" not in manifest]
    earlier = [other for other in daily if other["as_of_date"] < live["as_of_date"]]
    needed = {live["publication_id"]}
    if earlier:
        day_before = max(earlier, key=lambda manifest: manifest["as_of_date"])
        needed.add(day_before["publication_id"])
    passing = [manifest for manifest in manifests if "intraday" in manifest]
    old = [
        manifest["publication_id"]
        for kept, of_kind in (
            (keep, daily),
            (PASSING, passing),
        )
        for place, manifest in enumerate(of_kind)
        if manifest["publication_id"] not in needed
        and (place >= kept or before and datetime.fromisoformat(manifest["published_at"]) < before)
    ]
    for publication_id in old:
        folder = published / "versions" / publication_id
        # Renamed first: a half deleted folder never looks like a publication.
        shutil.rmtree(folder.rename(folder.with_name(f".{folder.name}")))
    return len(old)


def clear_leftovers(published: Path) -> None:
    """Remove what runs that were killed have left behind, and nothing else."""
    for folder in (published / "versions").glob(".*"):
        if LEFTOVER.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
    for link in (published / "versions").iterdir():
        if link.is_symlink() and LEFTOVER.fullmatch(str(link.readlink())):
            link.unlink()
    for link in published.glob(".current-*"):
        if link.is_symlink():
            link.unlink()


def make_readable_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, that every user of the machine may read:
    whatever else the project writes is for its owner alone."""
    missing = [place for place in [folder, *folder.parents] if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in missing:
        place.chmod(0o755)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the publication in `folder`. Raises ValueError, as the rest of a sentence
    about `folder`, where there is none or it cannot be used."""
    if folder.is_symlink():
        raise ValueError("is a link, where folders of publications belong")
    if not folder.is_dir():
        raise ValueError("is no folder of a publication")
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"has no manifest.json that can be read ({error.strerror})") from None
    except ValueError:
        raise ValueError("has a manifest.json that is no JSON") from None
    check_manifest(folder, manifest)
    return manifest


def check_manifest(folder: Path, manifest: Any) -> None:
    """ValueError, as the rest of a sentence about `folder`, where its manifest does not say what
    every manifest says, or files that it names are missing."""
    if not isinstance(manifest, dict):
        raise ValueError("has a manifest.json that says nothing of a publication")
    wrong = [
        key
        for key, kind in MANIFEST_KEYS.items()
        if key not in manifest or not isinstance(manifest[key], kind)
    ]
    wrong += [
        f"rule_book.{key}"
        for key, kind in {"sha256": str, "models": dict}.items()
        if "rule_book" not in wrong and not isinstance(manifest["rule_book"].get(key), kind)
    ]
    if not wrong:
        wrong += [key for key in ("published_at", "as_of_date") if not is_time(manifest[key])]
        wrong += [] if "scored_leads" in manifest["row_counts"] else ["row_counts.scored_leads"]
    if wrong:
        raise ValueError(f"has a manifest.json without a readable {', '.join(wrong)}")
    if manifest["publication_id"] != folder.name:
        raise ValueError(f"has the manifest.json of another one, {manifest['publication_id']}")
    missing = [name for name in manifest["files"] if not (folder / name).is_file()]
    if missing:
        raise ValueError(f"lacks its {', '.join(missing)}")


def is_time(text: str) -> bool:
    """Whether `text` is a day or a time, as a manifest writes it.

    >>> is_time("2026-06-30"), is_time("soon")
    (True, False)
    """
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of the publication in `folder`."""
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have the file or folder at `path` reach the disk before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
