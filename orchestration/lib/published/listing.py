"""What belongs here: lists from what is published: the publications themselves, the best leads."""

from pathlib import Path

import duckdb

from orchestration.lib.basics.outcomes import Answer, WrongUse
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rows import fetch_rows
from orchestration.lib.published.facts import find_champions
from orchestration.lib.published.publication import list_publications, read_current
from orchestration.lib.published.summary import describe_leads


def answer_publications(published: Path) -> Answer:
    """The publications, newest first, the live one marked with a star: as_of_date, published_at,
    scores and the versions of the rule book by model."""
    live = read_current(published)
    manifests = list_publications(published)
    rows = [
        {
            "publication_id": manifest["publication_id"],
            "is_live": manifest == live,
            "as_of_date": manifest["as_of_date"],
            "published_at": manifest["published_at"],
            "scores": manifest["row_counts"]["scored_leads"],
            "rule_versions": {
                model_id: model.get("version", "")
                for model_id, model in manifest["rule_book"]["models"].items()
            },
            "folder": published / "versions" / manifest["publication_id"],
        }
        for manifest in manifests
    ]
    lines = [
        f"{'*' if row['is_live'] else ' '} {row['publication_id']}  as of {row['as_of_date']}"
        f"  {row['scores']:>9,} scores  rules "
        + ", ".join(f"{model_id} {version}" for model_id, version in row["rule_versions"].items())
        for row in rows
    ]
    nothing = [f"Nothing is published in {published} yet: `leads run` does it."]
    return Answer(lines or nothing, {"published": published, "publications": rows})


def answer_best(published: Path, *, model_id: str, tier: str, limit: int) -> Answer:
    """The `limit` leads with the highest scores that are not excluded, by a model (blank: the first
    champion), of a tier (blank: of all). Raises WrongUse where there is no such model or tier."""
    manifest = read_current(published)
    if manifest is None:
        raise WrongUse(f"Nothing is published in {published} yet: `leads run` does it.")
    models = manifest["rule_book"]["models"]
    model_id = model_id or find_champions(manifest)[0]
    if model_id not in models:
        raise WrongUse(
            f"There is no model {model_id!r} in the publication; there are: {', '.join(models)}."
        )
    tiers = [step["tier"] for step in models[model_id]["tiers"]]
    if tier and tier not in tiers:
        raise WrongUse(f"There is no tier {tier!r} in {model_id}; there are: {', '.join(tiers)}.")
    of_tier = f" and tier = {quote(tier)}" if tier else ""
    file = (published / "current" / "leads.duckdb").resolve()
    with duckdb.connect(str(file), read_only=True) as connection:
        leads = fetch_rows(
            connection,
            f"""
            select * from scored_leads
            where not is_excluded and model_id = {quote(model_id)}{of_tier}
            order by score desc, lead_id
            limit {limit}
            """,
        )
    document = {"model_id": model_id, "as_of_date": manifest["as_of_date"], "leads": leads}
    return Answer(describe_leads(leads), document)
