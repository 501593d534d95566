"""What belongs here: the mapping from Olist's two files to the raw tables of the input contract.

    python -m examples.olist.prepare --data <folder of the files> --out <folder for the raw tables>

Of the closed deals only the lead and `won_date` are read: everything else in that file was written
down after a deal was closed, for winners only.
"""

import sys
from pathlib import Path

from examples.mapping import Row, read_rows, rewrite_time, run_mapping, write_table

LEADS_FILE = "olist_marketing_qualified_leads_dataset.csv"
DEALS_FILE = "olist_closed_deals_dataset.csv"
SOURCE = (
    "Download 'Marketing Funnel by Olist' from kaggle.com/datasets/olistbr/marketing-funnel-olist, "
    "unpack it, and give that folder as --data."
)


def prepare(data: Path, out: Path) -> list[str]:
    """Write crm.leads, crm.activities and crm.opportunities under `out`; returns what was done.

    Every row of both files becomes a row: what cannot be read is left as it is for staging to set
    aside. Raises ValueError where a file is missing or is not Olist's.
    """
    contacts = read_rows(
        data / LEADS_FILE,
        ["mql_id", "first_contact_date", "landing_page_id", "origin"],
        source=SOURCE,
    )
    deals = read_rows(data / DEALS_FILE, ["mql_id", "won_date"], source=SOURCE)
    write_table(out, "crm.leads", [make_lead(contact) for contact in contacts])
    write_table(out, "crm.activities", [make_sign_up(contact) for contact in contacts])
    write_table(out, "crm.opportunities", [make_opportunity(deal) for deal in deals])
    known = {contact["mql_id"] for contact in contacts}
    strangers = sum(deal["mql_id"] not in known for deal in deals)
    return [
        f"{len(contacts):,} leads, each with its sign-up, and {len(deals):,} deals written to "
        f"{out}.",
        f"{strangers:,} of the deals name a lead that is not in {LEADS_FILE}.",
    ]


def make_lead(contact: Row) -> Row:
    """The crm.leads row of a first contact."""
    created_at = rewrite_time(contact["first_contact_date"], "%d-%m-%Y")
    return {
        "lead_id": contact["mql_id"],
        "email": "",
        "lead_source": contact["origin"],
        "created_at": created_at,
        "updated_at": created_at,
        "_loaded_at": created_at,
    }


def make_sign_up(contact: Row) -> Row:
    """The crm.activities row of a first contact: the sign-up, its landing page as the subject."""
    occurred_at = rewrite_time(contact["first_contact_date"], "%d-%m-%Y")
    return {
        "activity_id": contact["mql_id"],
        "lead_id": contact["mql_id"],
        "activity_type": "sign_up",
        "subject": contact["landing_page_id"],
        "occurred_at": occurred_at,
        "_loaded_at": occurred_at,
    }


def make_opportunity(deal: Row) -> Row:
    """The crm.opportunities row of a closed deal, which the file shows from `won_date` on."""
    won_at = rewrite_time(deal["won_date"], "%d-%m-%Y %H:%M")
    return {
        "opportunity_id": deal["mql_id"],
        "lead_id": deal["mql_id"],
        "stage": "closed_won",
        "is_won": "true",
        "created_at": won_at,
        "closed_at": won_at,
        "updated_at": won_at,
        "_loaded_at": won_at,
    }


if __name__ == "__main__":
    sys.exit(run_mapping(prepare, "olist"))
