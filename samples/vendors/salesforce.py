"""The sample as Salesforce holds it and Fivetran lands it: leads in history mode, the contacts that
they became, field histories, steps of deals, tasks, events and campaigns. Beside it the same rows
as the contract has them, without what Salesforce has no place for, with Salesforce's ids: what
comes of the one must be what comes of the other.

    python -m samples.vendors.salesforce --raw samples/raw --out /tmp/salesforce
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet

from samples.vendors.command import run

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
# The contract's columns by the fields that leads and contacts have alike, and by those of a lead's
# company, of an account and of a contact.
PERSON = {
    "email": "email", "first_name": "first_name", "last_name": "last_name", "phone": "phone",
    "title": "job_title", "lead_source": "lead_source", "owner_id": "owner_id",
    "has_opted_out_of_email": "do_not_contact",
}  # fmt: skip
COMPANY = {
    "company": "company_name", "website": "company_domain", "industry": "industry",
    "number_of_employees": "employee_count", "annual_revenue": "annual_revenue",
}  # fmt: skip
ACCOUNT = {
    "name": "account_name", "website": "domain", "industry": "industry",
    "number_of_employees": "employee_count", "annual_revenue": "annual_revenue",
    "billing_country_code": "country",
}  # fmt: skip
OF_ACCOUNT = dict(zip(COMPANY.values(), list(ACCOUNT.values())[:5], strict=True))
LEAD_PLACE = {"country_code": "country", "state": "region", "city": "city"}
CONTACT_PLACE = {f"mailing_{field}": column for field, column in LEAD_PLACE.items()}
FIELDS = ("budget", "authority", "need", "timeline", "current_vendor", "team_size", "crm_system")
CONFIDENCE = {
    "qualification": 10, "discovery": 20, "proposal": 50, "negotiation": 75,
    "closed_won": 100, "closed_lost": 0,
}  # fmt: skip
# Kinds of activity that are a status in a campaign, with the campaign's type.
MEMBERSHIPS = {
    "webinar_registered": ("Webinar", "Registered"),
    "webinar_attended": ("Webinar", "Attended"),
    "trade_show_visit": ("Trade Show", "Visited"),
    "direct_mail_reply": ("Direct Mail", "Responded"),
}
DAY = dt.timedelta(days=1)
FOREVER = "9999-12-31 23:59:59"

Row = dict[str, object]


def long_id(short: str) -> str:
    """The id of 18 characters of one of 15: the last three say which are capitals.

    >>> long_id("001A0000006Vm9r")
    '001A0000006Vm9rIAC'
    """
    chunks = (short[place : place + 5] for place in (0, 5, 10))
    return short + "".join(
        SUFFIXES[sum(letter.isupper() << place for place, letter in enumerate(chunk))]
        for chunk in chunks
    )


def make_id(prefix: str, number: int) -> str:
    """An id of 15 characters; many differ from one another in a capital alone.

    >>> make_id("00Q", 10), make_id("00Q", 36)
    ('00Q5f000000000A', '00Q5f000000000a')
    """
    digits = ""
    for _ in range(7):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return f"{prefix}5f000{digits}"


def read_rows(raw: Path, name: str, key: str, *unique: str, time: str | None = None) -> list[Row]:
    """One copy of each usable row of a raw table, the one that loaded first."""
    source, table = name.split(".")
    rows = pyarrow.parquet.read_table(raw / source / f"{table}.parquet").to_pylist()
    found: dict[tuple, Row] = {}
    for row in sorted(
        (row for row in rows if row[key] is not None), key=lambda row: row["_loaded_at"]
    ):
        is_sound = row[key].rsplit("-", 1)[-1] not in ("size", "time")
        if is_sound and (time is None or row[time] <= row["_loaded_at"] + DAY):
            found.setdefault(tuple(row[column] for column in unique or (key,)), row)
    return list(found.values())


def number_of(key: str) -> int:
    """The number in an id of the sample."""
    return int(key.lstrip("LAOUM"))


def told(moment: dt.datetime, how: int = 0) -> str:
    """A time as one of the ways that tables have it."""
    if how % 3 == 0:
        return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"
    if how % 3 == 1:
        return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"
    return f"{moment:%Y-%m-%d} {moment.hour}:{moment:%M:%S.%f}"


class Population:
    """Who is what in Salesforce: of every four people two are leads, one was a lead and is a
    contact, one was always a contact. Whoever has a deal is no mere lead."""

    def __init__(self, raw: Path) -> None:
        """Read the people, deals and accounts of a sample."""
        self.versions: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(
            read_rows(raw, "crm.leads", "lead_id", "lead_id", "updated_at", time="updated_at"),
            key=lambda row: row["updated_at"],
        ):
            self.versions[row["lead_id"]].append(row)
        self.deals = read_rows(
            raw, "crm.opportunities", "opportunity_id", "opportunity_id", "updated_at",
            time="updated_at",
        )  # fmt: skip
        self.accounts = read_rows(
            raw, "crm.accounts", "account_id", "account_id", "updated_at", time="updated_at"
        )
        self.account_now = {
            row["account_id"]: row
            for row in sorted(self.accounts, key=lambda row: row["updated_at"])
        }
        with_deal = {row["lead_id"] for row in self.deals}
        # When whoever was a lead became a contact; None for whoever never did.
        self.converted: dict[str, dt.datetime | None] = {}
        self.is_contact: dict[str, bool] = {}
        for lead, versions in self.versions.items():
            number = number_of(lead)
            self.is_contact[lead] = number % 4 == 0 or (lead in with_deal and len(versions) == 1)
            converts = number % 4 == 1 or lead in with_deal
            is_later = converts and not self.is_contact[lead] and len(versions) > 1
            self.converted[lead] = versions[len(versions) // 2]["updated_at"] if is_later else None

    def own_id(self, lead: str) -> str:
        """The id that somebody has for life."""
        return make_id("003" if self.is_contact.get(lead) else "00Q", number_of(lead))

    def id_at(self, lead: str, moment: dt.datetime) -> str:
        """The id of the record that somebody is at a time."""
        since = self.converted.get(lead)
        became = since is not None and moment >= since
        return make_id("003" if became or self.is_contact.get(lead) else "00Q", number_of(lead))

    def key(self, lead: str | None) -> str | None:
        """The contract's id of a lead."""
        return lead and f"salesforce:{long_id(self.own_id(lead))}"


def account_id(account: str | None) -> str | None:
    """The id of an account."""
    return account and make_id("001", number_of(account))


def key_of(prefix: str, key: str | None) -> str | None:
    """The contract's id of what is no person."""
    return key and f"salesforce:{long_id(make_id(prefix, number_of(key)))}"


def pick(row: Row, fields: dict[str, str]) -> Row:
    """Fields of Salesforce with their values."""
    return {
        field: f"https://www.{row[column]}/en"
        if field == "website" and row[column]
        else row[column]
        for field, column in fields.items()
    }


def tell_people(people: Population, fields: dict[str, list[Row]]) -> tuple[dict, dict]:
    """Salesforce's tables of leads and contacts, and the contract's of leads."""
    vendor: dict[str, list[Row]] = {"lead": [], "contact": []}
    leads: list[Row] = []
    for lead, versions in people.versions.items():
        number, since = number_of(lead), people.converted[lead]
        own, later = people.own_id(lead), make_id("003", number)
        before = [row for row in versions if since and row["updated_at"] < since]
        at_conversion = next((row for row in versions if row["updated_at"] == since), None)
        for place, row in enumerate(versions):
            is_contact = people.is_contact[lead] or (since and row["updated_at"] >= since)
            company = (
                {
                    column: people.account_now.get(row["account_id"], {}).get(of_account)
                    for column, of_account in OF_ACCOUNT.items()
                }
                if people.is_contact[lead]
                else {column: (at_conversion or row)[column] for column in COMPANY.values()}
                if is_contact
                else {column: row[column] for column in COMPANY.values()}
            )
            truth = {
                **row,
                **company,
                "lead_id": people.key(lead),
                "ip_organization": None,
                "account_id": key_of("001", row["account_id"]) if is_contact else None,
                "owner_id": row["owner_id"] and f"salesforce:{long_id(owner(row))}",
                "lifecycle_stage": None
                if people.is_contact[lead]
                else (at_conversion if is_contact else row)["lifecycle_stage"],
            }
            leads.append(truth)
            end = versions[place + 1]["updated_at"] if place + 1 < len(versions) else None
            history = {
                "is_deleted": str(row["is_deleted"]).lower(),
                "last_modified_date": told(row["updated_at"], number),
                "_fivetran_start": told(row["updated_at"], number + 1),
                "_fivetran_end": told(end - dt.timedelta(milliseconds=1), number)
                if end
                else FOREVER,
                "_fivetran_active": str(end is None).upper(),
                "_fivetran_synced": told(row["_loaded_at"], number),
                **custom_fields(fields[lead], row["updated_at"]),
            }
            if is_contact:
                vendor["contact"].append({
                    "id": long_id(later), **pick(row, PERSON), **pick(row, CONTACT_PLACE),
                    "owner_id": row["owner_id"] and owner(row),
                    "account_id": account_id(row["account_id"]),
                    "created_date": told(since or row["created_at"], number), **history,
                })  # fmt: skip
            if row in before or not is_contact or row is at_conversion:
                is_now = row is at_conversion
                vendor["lead"].append({
                    "id": long_id(own), **pick(row, PERSON), **pick(row, COMPANY),
                    **pick(row, LEAD_PLACE), "owner_id": row["owner_id"] and owner(row),
                    "status": row["lifecycle_stage"],
                    "created_date": told(row["created_at"], number), **history,
                    "is_converted": str(is_now).upper(),
                    "converted_date": f"{since:%Y-%m-%d}" if is_now else None,
                    "converted_contact_id": later if is_now else None,
                    "converted_account_id": account_id(row["account_id"]) if is_now else None,
                    **({"_fivetran_end": FOREVER, "_fivetran_active": "TRUE"} if is_now else {}),
                })  # fmt: skip
    add_merged_leads(people, vendor["lead"], leads)
    return vendor, {"crm.leads": leads}


def owner(row: Row) -> str:
    """The id of the seller who owns a lead."""
    return make_id("005", number_of(row["owner_id"]))


def add_merged_leads(people: Population, told_leads: list[Row], leads: list[Row]) -> None:
    """Every ninth lead was two: the other one was merged into it a day after both were made."""
    for lead, versions in people.versions.items():
        if people.is_contact[lead] or number_of(lead) % 9:
            continue
        first = versions[0]
        loser, made = make_id("00Q", number_of(lead) + 40_000_000), first["created_at"]
        for moment, is_deleted in ((made, False), (made + DAY, True)):
            leads.append({
                "lead_id": f"salesforce:{long_id(loser)}", "email": f"former.{lead}@old.example",
                "is_deleted": is_deleted, "created_at": made, "updated_at": moment,
                "_loaded_at": made + DAY,
            })  # fmt: skip
        told_leads.append({
            "id": loser, "email": f"former.{lead}@old.example", "is_deleted": "TRUE",
            "master_record_id": people.own_id(lead), "created_date": told(made),
            "last_modified_date": told(made + DAY), "_fivetran_start": told(made + DAY),
            "_fivetran_end": FOREVER, "_fivetran_active": "TRUE",
            "_fivetran_synced": told(made + DAY),
        })  # fmt: skip
        told_leads.append({
            "id": loser, "email": f"former.{lead}@old.example", "is_deleted": "FALSE",
            "created_date": told(made), "last_modified_date": told(made),
            "_fivetran_start": told(made), "_fivetran_end": told(made + DAY),
            "_fivetran_active": "FALSE", "_fivetran_synced": told(made + DAY),
        })  # fmt: skip


def custom_fields(changes: list[Row], moment: dt.datetime) -> Row:
    """What somebody's custom fields hold at a time."""
    values = {f"{field}_c": None for field in FIELDS}
    for change in changes:
        if change["updated_at"] <= moment:
            values[f"{change['attribute']}_c"] = change["value"]
    return values


def tell_fields(people: Population, fields: dict[str, list[Row]]) -> tuple[dict, dict]:
    """The field histories of custom fields, and the contract's attributes of leads."""
    vendor: dict[str, list[Row]] = {"lead_history": [], "contact_history": []}
    attributes = []
    for lead, changes in fields.items():
        held: dict[str, str | None] = {}
        for change in changes:
            record = people.id_at(lead, change["updated_at"])
            table = "contact" if record.startswith("003") else "lead"
            field = change["attribute"]
            vendor[f"{table}_history"].append({
                "id": f"017{len(attributes)}", f"{table}_id": record,
                "field": f"{field.title()}__c", "old_value": held.get(field),
                "new_value": change["value"], "created_date": told(change["updated_at"], 1),
                "_fivetran_synced": told(change["_loaded_at"]),
            })  # fmt: skip
            held[field] = change["value"]
            attributes.append({**change, "lead_id": people.key(lead)})
    return vendor, {"crm.lead_attributes": attributes}


def tell_accounts(people: Population) -> tuple[dict, dict]:
    """Accounts in history mode, and the contract's."""
    by_account: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(people.accounts, key=lambda row: row["updated_at"]):
        by_account[row["account_id"]].append(row)
    rows, accounts = [], []
    for account, versions in by_account.items():
        for place, row in enumerate(versions):
            is_last = place + 1 == len(versions)
            rows.append({
                "id": long_id(account_id(account)), **pick(row, ACCOUNT),
                "type": "Customer - Direct" if row["is_customer"] else "Prospect",
                "is_deleted": "false", "_fivetran_start": told(row["updated_at"]),
                "_fivetran_end": FOREVER if is_last else told(versions[place + 1]["updated_at"]),
                "_fivetran_active": str(is_last).lower(),
                "_fivetran_synced": told(row["_loaded_at"]),
            })  # fmt: skip
            accounts.append({**row, "account_id": key_of("001", account)})
    return {"account": rows}, {"crm.accounts": accounts}


def tell_deals(people: Population, stages: list[Row]) -> tuple[dict, dict]:
    """Deals, as the API names their columns, with their steps, contacts and products."""
    vendor: dict[str, list[Row]] = defaultdict(list)
    vendor["product_2"] = [
        {"id": long_id(make_id("01t", number)), "name": name}
        for number, name in enumerate(("analytics", "automation"))
    ]
    vendor["opportunity_stage"] = [
        {"master_label": stage, "is_closed": str(stage.startswith("closed")),
         "is_won": str(stage == "closed_won")}
        for stage in CONFIDENCE
    ]  # fmt: skip
    now = {
        row["opportunity_id"]: row for row in sorted(people.deals, key=lambda r: r["updated_at"])
    }
    steps: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(stages, key=lambda row: row["entered_at"]):
        if row["opportunity_id"] in now:
            steps[row["opportunity_id"]].append(row)
    deals, entries = [], []
    for number, (deal, entered) in enumerate(sorted(steps.items())):
        row, short = now[deal], make_id("006", number_of(deal))
        loaded = max(entered[-1]["_loaded_at"], row["_loaded_at"])
        for step in entered:
            closed = step["stage"].startswith("closed")
            closes = (step["entered_at"] if closed else row["created_at"] + 60 * DAY).date()
            shared = {"opportunity_id": key_of("006", deal), "_loaded_at": loaded}
            deals.append({
                **shared, "lead_id": people.key(row["lead_id"]),
                "account_id": key_of("001", row["account_id"]), "product": row["product"],
                "stage": step["stage"], "amount": row["amount"],
                "is_won": step["stage"] == "closed_won" if closed else None,
                "created_at": row["created_at"], "closed_at": closes if closed else None,
                "expected_close_on": closes, "probability_pct": CONFIDENCE[step["stage"]],
                "updated_at": step["entered_at"],
            })  # fmt: skip
            entries.append({**shared, "stage": step["stage"], "entered_at": step["entered_at"]})
            vendor["opportunity_history"].append({
                "id": f"008{len(entries)}", "opportunity_id": short, "stage_name": step["stage"],
                "amount": row["amount"], "close_date": closes,
                "probability": CONFIDENCE[step["stage"]],
                "created_date": told(step["entered_at"], number), "_fivetran_synced": told(loaded),
            })  # fmt: skip
        vendor["opportunity"].append({
            "Id": long_id(short), "AccountId": account_id(row["account_id"]), "IsDeleted": "FALSE",
            "StageName": step["stage"], "IsClosed": closed, "IsWon": step["stage"] == "closed_won",
            "Amount": row["amount"], "CloseDate": closes, "Probability": CONFIDENCE[step["stage"]],
            "CreatedDate": told(row["created_at"], number),
            "SystemModstamp": told(step["entered_at"], number), "_fivetran_synced": told(loaded),
        })  # fmt: skip
        vendor["opportunity_line_item"].append({
            "id": f"00k{number}", "opportunity_id": short, "is_deleted": "false",
            "product_2_id": vendor["product_2"][row["product"] == "automation"]["id"],
            "total_price": row["amount"],
        })  # fmt: skip
        if row["lead_id"]:
            contact = make_id("003", number_of(row["lead_id"]))
            vendor["opportunity_contact_role"].append({
                "id": f"00K{number}", "opportunity_id": short, "contact_id": contact,
                "is_primary": "TRUE", "created_date": told(row["created_at"]),
            })  # fmt: skip
    return dict(vendor), {"crm.opportunities": deals, "crm.opportunity_stages": entries}


def tell_activities(people: Population, activities: list[Row]) -> tuple[dict, dict]:
    """Calls and reviews as tasks, meetings as events, webinars and fairs as memberships in
    campaigns; with them rows that are no activity: open, deleted, copied, of a series."""
    vendor: dict[str, list[Row]] = defaultdict(list)
    truth = []
    for number, row in enumerate(activities):
        moment, kind = row["occurred_at"], row["activity_type"]
        who = people.id_at(row["lead_id"], moment)
        is_lead = who.startswith("00Q")
        if is_lead and number_of(row["lead_id"]) % 9 == 0 and number % 2:
            who = make_id("00Q", number_of(row["lead_id"]) + 40_000_000)
        product = row["product"] and make_id("01t", int(row["product"] == "automation"))
        shared = {"is_deleted": "false", "_fivetran_synced": told(row["_loaded_at"], number)}
        dated = {**shared, "who_id": who, "what_id": product, "subject": row["subject"]}
        activity = {**row, "lead_id": people.key(row["lead_id"])}
        if kind in MEMBERSHIPS and not product and row["subject"]:
            campaign_type, status = MEMBERSHIPS[kind]
            campaign = make_id("701", len(vendor["campaign"]))
            vendor["campaign"].append(
                {"id": campaign, "name": row["subject"], "type": campaign_type}
            )
            vendor["campaign_member"].append({
                **shared, "id": make_id("00v", number), "campaign_id": long_id(campaign),
                "lead_id": who if is_lead else None, "contact_id": None if is_lead else who,
                "status": status, "has_responded": "TRUE",
                "first_responded_date": f"{moment:%Y-%m-%d}",
            })  # fmt: skip
            activity["occurred_at"] = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        elif kind == "meeting":
            event = {
                **dated, "id": make_id("00U", number), "event_subtype": "Event",
                "is_child": "FALSE", "is_recurrence": "FALSE",
                "start_date_time": told(moment, number),
            }  # fmt: skip
            vendor["event"].append(event)
            copy = {**event, "id": make_id("00U", number + 10_000_000)}
            vendor["event"].append({**copy, ("is_child", "is_recurrence")[number % 2]: "TRUE"})
        else:
            is_call = kind == "call"
            task = {
                **dated, "id": make_id("00T", number), "status": "Completed", "is_closed": "TRUE",
                "is_archived": str(number % 3 == 0), "task_subtype": "Call" if is_call else "Task",
                "type": None if is_call else kind.replace("_", " ").title(),
                "completed_date_time": told(moment, number),
            }  # fmt: skip
            vendor["task"].append(task)
            copy = {**task, "id": make_id("00T", number + 10_000_000)}
            vendor["task"].append({**copy, **(
                {"is_deleted": "TRUE"} if number % 2 else {"status": "Open", "is_closed": "FALSE"}
            )})  # fmt: skip
        truth.append(activity)
    return dict(vendor), {"crm.activities": truth}


def write_salesforce(raw: Path, out: Path) -> None:
    """Write what Salesforce has of a sample (Parquet) to `<out>/vendor/salesforce`, and the same as
    the contract has it to `<out>/contract`; web events, mails and verdicts of sales, which are not
    Salesforce's, to both."""
    people = Population(raw)
    fields: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(
        read_rows(
            raw, "crm.lead_attributes", "lead_id", "lead_id", "attribute", "updated_at",
            time="updated_at",
        ),
        key=lambda row: row["updated_at"],
    ):  # fmt: skip
        if row["attribute"] in FIELDS and row["lead_id"] in people.versions:
            fields[row["lead_id"]].append(row)
    stages = read_rows(
        raw, "crm.opportunity_stages", "opportunity_id", "opportunity_id", "stage",
        time="entered_at",
    )  # fmt: skip
    activities = read_rows(raw, "crm.activities", "activity_id", time="occurred_at")
    for vendor, contract in (
        tell_people(people, fields),
        tell_fields(people, fields),
        tell_accounts(people),
        tell_deals(people, stages),
        tell_activities(people, activities),
    ):
        for table, rows in vendor.items():
            write_csv(out / "vendor" / "salesforce" / f"{table}.csv", rows)
        for name, rows in contract.items():
            write_csv(out / "contract" / f"{name.replace('.', '/')}.csv", rows)
    feedback = [
        {**row, "lead_id": people.key(row["lead_id"])}
        for row in read_rows(
            raw, "crm.lead_feedback", "lead_id", "lead_id", "decided_at", time="decided_at"
        )
    ]
    for shape in ("vendor", "contract"):
        write_csv(out / shape / "crm" / "lead_feedback.csv", feedback)
        for name in ("web.events", "email.events", "email.campaigns"):
            source, table = name.split(".")
            file = out / shape / source / f"{table}.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes((raw / source / f"{table}.parquet").read_bytes())


def write_csv(file: Path, rows: list[Row]) -> None:
    """Write rows with the columns that any of them has."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(run("salesforce", "Salesforce", write_salesforce))
