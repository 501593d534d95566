"""The sample as Pardot holds it and Fivetran lands it: prospects without versions, what they did by
numbers, lists, opportunities, all times by the clock of a user in New York. Beside it the same rows
as the contract has them, without what Pardot has no place for, with Pardot's ids: what comes of the
one must be what comes of the other.

    python -m samples.vendors.pardot --raw samples/raw --out /tmp/pardot
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import defaultdict
from pathlib import Path
from zoneinfo import ZoneInfo

from samples.vendors.command import run
from samples.vendors.salesforce import Row, number_of, read_rows, write_csv

ZONE = "America/New_York"
# The contract's columns of a lead by the columns of a prospect.
PROSPECT = {
    "email": "email", "first_name": "first_name", "last_name": "last_name", "phone": "phone",
    "job_title": "job_title", "company": "company_name", "website": "company_domain",
    "industry": "industry", "employees": "employee_count", "annual_revenue": "annual_revenue",
    "country": "country", "state": "region", "city": "city", "source": "lead_source",
}  # fmt: skip
# The numbers and names by which Pardot tells what was done; what is not here it does not know.
MAILS = {
    "sent": (6, "Email"), "open": (11, "Email"), "click": (1, "Email"), "bounce": (13, "Email"),
    "unsubscribe": (12, "Email"), "complaint": (14, "Email"),
}  # fmt: skip
PAGES = {
    "page_view": (2, "Landing Page"), "form_submit": (4, "Form"), "download": (2, "File"),
    "search": (7, "Site Search"), "ad_click": (1, "Paid Search Ad"),
}  # fmt: skip
ACTIVITIES = {"webinar_registered": (24, "Webinar"), "webinar_attended": (25, "Webinar")}


def told(moment: dt.datetime) -> str:
    """A time of UTC as the clock in New York shows it; Fivetran takes it for UTC."""
    local = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(ZONE))
    return f"{local:%Y-%m-%d %H:%M:%S.%f} UTC"


def loaded(moment: dt.datetime) -> str:
    """A time of Fivetran's own, which is UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"


def key(text: str | None) -> str | None:
    """The contract's id of a lead or of what else has a number."""
    return text and f"pardot:{number_of(text)}"


def tell_prospects(raw: Path) -> tuple[list[Row], list[Row]]:
    """Prospects as they are today, and the same as leads. Who is deleted is gone from Pardot (every
    other one, which Fivetran keeps) or in its recycle bin."""
    newest: dict[str, Row] = {}
    for row in read_rows(raw, "crm.leads", "lead_id", "lead_id", "updated_at", time="updated_at"):
        if row["updated_at"] >= newest.get(row["lead_id"], row)["updated_at"]:
            newest[row["lead_id"]] = row
    prospects, leads = [], []
    for row in newest.values():
        number = number_of(row["lead_id"])
        is_gone = row["is_deleted"] and number % 2
        prospects.append({
            "id": number, **{column: row[name] for column, name in PROSPECT.items()},
            "website": row["company_domain"] and f"http://{row['company_domain']}",
            "prospect_account_id": row["account_id"] and number_of(row["account_id"]),
            "user_id": row["owner_id"] and number_of(row["owner_id"]),
            "opted_out": str(bool(row["do_not_contact"] and number % 3)).lower(),
            "is_do_not_email": "true" if row["do_not_contact"] and number % 3 == 0 else None,
            "is_archived": str(row["is_deleted"] and not is_gone).lower(),
            "_fivetran_deleted": str(bool(is_gone)).lower(),
            "score": number % 100, "grade": "A+",
            "created_at": told(row["created_at"]), "updated_at": told(row["updated_at"]),
            "_fivetran_synced": loaded(row["_loaded_at"]),
        })  # fmt: skip
        leads.append({
            **row, "lead_id": key(row["lead_id"]), "account_id": key(row["account_id"]),
            "owner_id": key(row["owner_id"]), "ip_organization": None, "lifecycle_stage": None,
        })  # fmt: skip
    return prospects, leads


def tell_deals(raw: Path, leads: list[Row]) -> tuple[dict[str, list[Row]], list[Row]]:
    """Opportunities as they are today and their prospects, and the same in the contract's shape."""
    newest: dict[str, Row] = {}
    for row in read_rows(
        raw, "crm.opportunities", "opportunity_id", "opportunity_id", "updated_at",
        time="updated_at",
    ):  # fmt: skip
        if row["updated_at"] >= newest.get(row["opportunity_id"], row)["updated_at"]:
            newest[row["opportunity_id"]] = row
    vendor: dict[str, list[Row]] = {"opportunity": [], "opportunity_prospect": []}
    accounts = {row["lead_id"]: row["account_id"] for row in leads}
    deals = []
    for row in newest.values():
        if not row["lead_id"]:
            continue
        number = number_of(row["opportunity_id"])
        is_open = row["is_won"] is None
        closes = row["created_at"] + dt.timedelta(days=60) if is_open else row["closed_at"]
        vendor["opportunity"].append({
            "id": number, "value": row["amount"], "stage": row["stage"],
            "status": "Open" if is_open else "Won" if row["is_won"] else "Lost",
            "closed_at": told(closes), "created_at": told(row["created_at"]),
            "updated_at": told(row["updated_at"]), "_fivetran_synced": loaded(row["_loaded_at"]),
        })  # fmt: skip
        vendor["opportunity_prospect"].append(
            {"opportunity_id": number, "prospect_id": number_of(row["lead_id"])}
        )
        deals.append({
            **row, "opportunity_id": key(row["opportunity_id"]), "lead_id": key(row["lead_id"]),
            "account_id": accounts[key(row["lead_id"])], "product": None,
            "expected_close_on": closes,
        })  # fmt: skip
    return vendor, deals


def tell_happenings(raw: Path, prospects: list[Row]) -> tuple[list[Row], dict[str, list[Row]]]:
    """What prospects did, and the same as mail events, web events and activities. Mails to
    addresses that no prospect has, and what Pardot has no number for, are in neither."""
    by_address: dict[str, int] = {}
    for row in prospects:
        if row["email"]:
            by_address.setdefault(row["email"].strip().lower(), row["id"])
    emails = {row["id"]: row["email"] for row in prospects}
    rows: list[Row] = []
    truth: dict[str, list[Row]] = defaultdict(list)

    def add(row: Row, kind: tuple[int, str], prospect: int | None, **columns: object) -> str:
        rows.append({
            "id": len(rows) + 1, "type": kind[0], "type_name": kind[1], "prospect_id": prospect,
            "created_at": told(row["occurred_at"]), "_fivetran_synced": loaded(row["_loaded_at"]),
            **columns,
        })  # fmt: skip
        return f"pardot:{len(rows)}"

    for row in read_rows(raw, "email.events", "event_id", time="occurred_at"):
        prospect = by_address.get((row["email"] or "").strip().lower())
        if prospect and row["event_type"] in MAILS:
            campaign = row["campaign_id"] and number_of(row["campaign_id"])
            event = add(
                row, MAILS[row["event_type"]], prospect, campaign_id=campaign,
                details=row["url"] or "A subject",
            )  # fmt: skip
            truth["email.events"].append({
                **row, "event_id": event, "email": emails[prospect], "user_agent": None,
                "campaign_id": campaign and f"pardot:{campaign}",
            })  # fmt: skip
    numbers: dict[str, int] = {}
    for row in read_rows(raw, "web.events", "event_id", time="occurred_at"):
        prospect = by_address.get((row["email"] or "").strip().lower())
        if row["event_type"] not in PAGES or (row["email"] and not prospect):
            continue
        visitor = numbers.setdefault(row["visitor_id"], len(numbers) + 1)
        is_search = row["event_type"] == "search"
        event = add(
            row, PAGES[row["event_type"]], prospect, visitor_id=visitor,
            details=row["search_term"] if is_search else row["url"],
        )  # fmt: skip
        truth["web.events"].append({
            **row, "event_id": event, "visitor_id": f"pardot:{visitor}",
            "email": emails.get(prospect), "url": None if is_search else row["url"],
            "search_term": row["search_term"] if is_search else None, "referrer": None,
            "user_agent": None,
        })  # fmt: skip
    for row in read_rows(raw, "crm.activities", "activity_id", time="occurred_at"):
        if row["activity_type"] in ACTIVITIES:
            activity = add(
                row, ACTIVITIES[row["activity_type"]], number_of(row["lead_id"]),
                details=row["subject"],
            )  # fmt: skip
            truth["crm.activities"].append({
                **row, "activity_id": activity, "lead_id": key(row["lead_id"]), "product": None
            })  # fmt: skip
            # What the table of opportunities has is no activity.
            add(row, (8, "New Opportunity"), number_of(row["lead_id"]))
    return rows, truth


def write_pardot(raw: Path, out: Path) -> None:
    """Write what Pardot has of a sample (Parquet) to `<out>/vendor/pardot`, and the same as the
    contract has it to `<out>/contract`."""
    prospects, leads = tell_prospects(raw)
    vendor, deals = tell_deals(raw, leads)
    happenings, truth = tell_happenings(raw, prospects)
    campaigns = read_rows(raw, "email.campaigns", "campaign_id")
    numbers = [number_of(row["campaign_id"]) for row in campaigns]
    vendor |= {
        "prospect": prospects,
        "visitor_activity": happenings,
        "campaign": [
            {"id": number, "name": row["campaign_name"],
             "_fivetran_synced": loaded(row["_loaded_at"])}
            for number, row in zip(numbers, campaigns, strict=True)
        ],
    }  # fmt: skip
    truth |= {
        "crm.leads": leads,
        "crm.opportunities": deals,
        "email.campaigns": [
            {"campaign_id": f"pardot:{number}", "campaign_name": row["campaign_name"],
             "_loaded_at": row["_loaded_at"]}
            for number, row in zip(numbers, campaigns, strict=True)
        ],
    }  # fmt: skip
    for table, rows in vendor.items():
        write_csv(out / "vendor" / "pardot" / f"{table}.csv", rows)
    for name, rows in truth.items():
        write_csv(out / "contract" / f"{name.replace('.', '/')}.csv", rows)


if __name__ == "__main__":
    sys.exit(run("pardot", "Pardot", write_pardot))
