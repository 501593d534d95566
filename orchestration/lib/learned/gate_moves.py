"""What belongs here: which published model each champion of a rule book takes the place of, and who
moves between their tiers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.lib.asked.moves import find_moved_leads, find_rule_changes
from orchestration.lib.basics.rows import Row, fetch_rows
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.checked.health import Judged
from orchestration.lib.learned.paired import Paired
from orchestration.lib.published.publication import Manifest

MOST_MOVERS = 10

# The leads of one model before and of another after, by where both have them.
MATRIX = """
select
    before_leads.tier as tier_before,
    after_leads.tier as tier_after,
    before_leads.lead_id is not null as was_scored,
    after_leads.lead_id is not null as is_scored,
    coalesce(
        list_contains($handing_before, before_leads.tier) and not before_leads.is_excluded, false
    ) as was_handed_over,
    coalesce(
        list_contains($handing_after, after_leads.tier) and not after_leads.is_excluded, false
    ) as is_handed_over,
    count(*) as leads
from (from before_leads where model_id = $before) as before_leads
full join (from after_leads where model_id = $after) as after_leads using (lead_id)
group by all
"""


@dataclass(frozen=True)
class Side:
    """One rule book: its champions with their product ('' for all), its tiers from the highest on
    (model_id, tier, hands_over) and the places of its limited ones (model_id, tier, capacity,
    leads, turned_away)."""

    champions: Mapping[str, str]
    tiers: list[Row]
    places: list[Row]

    def list_handing(self, model_id: str | None) -> list[str]:
        """The tiers of a model that hand over."""
        return [
            row["tier"] for row in self.tiers if row["model_id"] == model_id and row["hands_over"]
        ]

    def list_tiers(self, model_id: str | None) -> list[str]:
        """The tiers of a model, the highest first."""
        return [row["tier"] for row in self.tiers if row["model_id"] == model_id]


@dataclass(frozen=True)
class Model:
    """A champion of the rule book and what was found of it: `before` is the published model in its
    place, None where there is none; `tiers` those of both, the highest first; `matrix` the rows of
    MATRIX; `rules`, `movers` and `past` are of models that have one before."""

    before: str | None
    after: str
    tiers: list[str]
    matrix: list[Row]
    rules: list[Row]
    movers: list[Row]
    past: Paired | None
    judged: list[Judged]

    def count(self, column: str) -> int:
        """How many leads have `column` true."""
        return sum(row["leads"] for row in self.matrix if row[column])


def read_side(warehouse: Path) -> Side:
    """The rule book that the warehouse was scored by."""
    with open_warehouse(warehouse) as connection:
        return Side(
            champions=dict(
                connection.execute(
                    "select model_id, lower(coalesce(product, '')) from rule_book.scored_models"
                    " where role = 'champion' order by model_id"
                ).fetchall()
            ),
            tiers=fetch_rows(
                connection,
                "select model_id, tier, hands_over from rule_book.model_tiers"
                " order by model_id, level desc",
            ),
            places=fetch_rows(
                connection, "select model_id, tier, capacity, leads, turned_away from tier_cut_offs"
            ),
        )


def pair_champions(
    manifest: Manifest, champions: Mapping[str, str]
) -> list[tuple[str | None, str]]:
    """Each of the `champions` (with its product) behind the published model whose place it takes:
    itself where it was champion, else the champion of its product, else itself in whatever role.

    >>> models = {name: {"role": role, "product": "crm"}
    ...           for name, role in [("old", "champion"), ("next", "challenger")]}
    >>> pair_champions({"rule_book": {"models": models}}, {"next": "crm", "new": ""})
    [('old', 'next'), (None, 'new')]
    """
    models = manifest["rule_book"]["models"]
    live = {name: one["product"] for name, one in models.items() if one["role"] == "champion"}
    pairs = []
    for after, product in champions.items():
        of_product = next((name for name, one in live.items() if one == product), None)
        before = after if after in live else of_product or (after if after in models else None)
        pairs.append((before, after))
    return pairs


def find_moves(
    connection: duckdb.DuckDBPyConnection,
    before: str | None,
    after: str,
    *,
    sides: tuple[Side, Side],
    as_of: date,
) -> Model:
    """What the comparison on `connection` says of a model; nothing is judged yet."""
    matrix = fetch_rows(
        connection,
        MATRIX,
        {
            "before": before or "",
            "after": after,
            "handing_before": sides[0].list_handing(before),
            "handing_after": sides[1].list_handing(after),
        },
    )
    is_same = before == after
    rules = find_rule_changes(connection, as_of=as_of) if is_same else []
    movers = [
        {"direction": direction, **row}
        for direction in ("down", "up", "held back", "let go")
        if is_same
        for row in find_moved_leads(
            connection, model_id=after, direction=direction, limit=MOST_MOVERS
        )
    ]
    return Model(
        before=before,
        after=after,
        tiers=list(dict.fromkeys([*sides[1].list_tiers(after), *sides[0].list_tiers(before)])),
        matrix=matrix,
        rules=[row for row in rules if row["model_id"] == after],
        movers=movers,
        past=None,
        judged=[],
    )
