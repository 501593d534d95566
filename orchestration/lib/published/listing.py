"""What belongs here: the publications that are kept, told."""

from pathlib import Path

from orchestration.lib.basics.outcomes import Answer
from orchestration.lib.published.publication import list_publications, read_current


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
