"""What belongs here: the tables that the project reads and does not make."""

import dagster as dg

from orchestration.defs.dbt_assets import MANIFEST, TableNames


@dg.definitions
def raw_tables() -> dg.Definitions:
    """One asset per source of the dbt project but those that the tiering writes."""
    return dg.Definitions(
        assets=[
            dg.AssetSpec(
                TableNames().get_asset_key(source),
                description=source["description"],
                group_name=source["source_name"],
            )
            for source in MANIFEST["sources"].values()
            if source["source_name"] != "tiering"
        ]
    )
