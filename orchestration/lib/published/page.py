"""What belongs here: the page of a publication, one HTML file without a single outside request, and
the questions to the published marts that it shares with the summary of a run."""

import duckdb
import jinja2

from orchestration.lib.basics.rows import Row, fetch_rows

PAGE_LEADS = 100
PAGE_RULES = 25

# What may be said of a rule, what is to be acted on first at the front.
FINDINGS = [
    "points_the_wrong_way",
    "never_fires",
    "always_fires",
    "duplicates",
    "mostly_capped_away",
    "too_few_outcomes",
]


def render_page(connection: duckdb.DuckDBPyConnection, manifest: Row) -> str:
    """The page of the publication that `connection` is open on, as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("orchestration.lib.published", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    champions = find_champions(manifest)
    return environment.get_template("page.html").render(
        manifest=manifest,
        tiers=count_tiers(connection, manifest),
        leads={
            model_id: find_best_leads(connection, model_id=model_id, limit=PAGE_LEADS)
            for model_id in champions
        },
        ledgers={
            model_id: find_ledger(connection, model_id=model_id, limit=PAGE_LEADS)
            for model_id in champions
        },
        health=find_health(connection),
        trends={
            model_id: find_newest_trend(connection, model_id=model_id) for model_id in champions
        },
        funnels={model_id: find_funnel(connection, model_id=model_id) for model_id in champions},
        feedback={model_id: find_feedback(connection, model_id=model_id) for model_id in champions},
        findings={
            model_id: find_findings(connection, model_ids=[model_id], limit=PAGE_RULES)
            for model_id in champions
        },
        quarantine=count_quarantined(connection),
    )


def count_tiers(connection: duckdb.DuckDBPyConnection, manifest: Row) -> list[Row]:
    """Per model and tier, the highest first and those without a tier last: model_id, tier,
    enter_at, leads, excluded, share (of the model's leads, 0–1)."""
    counted = fetch_rows(
        connection,
        """
        select
            model_id,
            tier,
            count(*) as leads,
            count(*) filter (is_excluded) as excluded,
            count(*) / sum(count(*)) over (partition by model_id) as share
        from scored_leads
        group by model_id, tier
        """,
    )
    by_tier = {(row["model_id"], row["tier"]): row for row in counted}
    nobody = {"leads": 0, "excluded": 0, "share": 0.0}
    rows = []
    for model_id, model in manifest["rule_book"]["models"].items():
        for step in [*model["tiers"], {"tier": None, "enter_at": None}]:
            found = by_tier.get((model_id, step["tier"]), nobody)
            if found["leads"] or step["tier"]:
                rows.append({"model_id": model_id, **step, **{k: found[k] for k in nobody}})
    return rows


def find_champions(manifest: Row) -> list[str]:
    """The models whose leads are shown one by one: the champions, else the first model there is."""
    models = manifest["rule_book"]["models"]
    champions = [model_id for model_id, model in models.items() if model["role"] == "champion"]
    return champions or list(models)[:1]


# The order in which the leads of a model are shown.
BEST_LEADS = """
select * from scored_leads
where not is_excluded and model_id = $model_id
order by score desc, lead_id
limit $limit
"""


def find_best_leads(
    connection: duckdb.DuckDBPyConnection, *, model_id: str, limit: int
) -> list[Row]:
    """The `limit` leads with the highest scores of a model that are not excluded."""
    return fetch_rows(connection, BEST_LEADS, {"model_id": model_id, "limit": limit})


def find_ledger(
    connection: duckdb.DuckDBPyConnection, *, model_id: str, limit: int
) -> dict[str, list[Row]]:
    """The ledger rows of the `limit` best leads of a model, by lead, largest gain first."""
    rows = fetch_rows(
        connection,
        f"""
        with best as ({BEST_LEADS})

        select lead_score_ledger.*
        from lead_score_ledger
        inner join best using (as_of_date, model_id, lead_id)
        order by rule_id like 'cap:%', points desc, rule_id
        """,
        {"model_id": model_id, "limit": limit},
    )
    ledger: dict[str, list[Row]] = {}
    for row in rows:
        ledger.setdefault(row["lead_id"], []).append(row)
    return ledger


def find_health(connection: duckdb.DuckDBPyConnection) -> dict[str, Row]:
    """The row of model_health of each model."""
    rows = fetch_rows(connection, "select * from model_health order by model_id")
    return {row["model_id"]: row for row in rows}


def find_findings(
    connection: duckdb.DuckDBPyConnection, *, model_ids: list[str], limit: int
) -> list[Row]:
    """The `limit` rules of these models with the worst findings, of equal ones those that most
    leads meet."""
    return fetch_rows(
        connection,
        """
        select model_id, rule_id, reason, owner, points, finding, finding_text
        from rule_health
        where finding is not null and list_contains($model_ids, model_id)
        order by list_position($findings, finding), leads_met desc, model_id, rule_id
        limit $limit
        """,
        {"model_ids": model_ids, "findings": FINDINGS, "limit": limit},
    )


def find_newest_trend(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> Row | None:
    """The row of score_trend of the newest day of a model; None where it has none yet."""
    rows = fetch_rows(
        connection,
        "select * from score_trend where model_id = $model_id order by as_of_date desc limit 1",
        {"model_id": model_id},
    )
    return rows[0] if rows else None


def find_funnel(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """The stages of a model in their order."""
    return fetch_rows(
        connection,
        "select * from lead_funnel where model_id = $model_id order by position",
        {"model_id": model_id},
    )


def find_feedback(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> dict[str, list[Row]]:
    """What sales said of a model's leads: the rows of hand_over_feedback by their kind, those with
    most hand-overs first; of rules only those that were answered, PAGE_RULES at most."""
    rows = fetch_rows(
        connection,
        """
        select *
        from hand_over_feedback
        where model_id = $model_id
            and (hand_overs > 0 or accepted + rejected > 0)
            and (kind <> 'rule' or accepted + rejected > 0)
        qualify row_number() over (
            partition by kind order by accepted + rejected desc, hand_overs desc, value
        ) <= $limit
        order by hand_overs desc, accepted + rejected desc, value
        """,
        {"model_id": model_id, "limit": PAGE_RULES},
    )
    feedback: dict[str, list[Row]] = {kind: [] for kind in ("all", "tier", "rule", "reason")}
    for row in rows:
        feedback[row["kind"]].append(row)
    return feedback


def count_quarantined(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Rows set aside, per table, column and reason: table_name, column_name, reason, rows."""
    return fetch_rows(
        connection,
        """
        select table_name, column_name, reason, count(*) as rows
        from quarantine
        group by all
        order by rows desc, table_name, column_name, reason
        """,
    )
