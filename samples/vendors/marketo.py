"""The sample as Marketo holds it and Fivetran lands it: leads as they are today, a log of what was
changed in them, merges, and what they did in a table for each kind, by numbers. Beside it the same
rows as the contract has them, without what Marketo has no place for, with Marketo's ids: what comes
of the one must be what comes of the other.

    python -m samples.vendors.marketo --raw samples/raw --out /tmp/marketo
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from samples.vendors.command import run
from samples.vendors.salesforce import DAY, Row, number_of, read_rows, told, write_csv

# The contract's columns of a lead by Marketo's names of fields, each with its column and the name
# that it is shown by.
LEAD = {
    "firstName": ("first_name", "First Name", "first_name"),
    "lastName": ("last_name", "Last Name", "last_name"),
    "phone": ("phone", "Phone Number", "phone"),
    "title": ("title", "Job Title", "job_title"),
    "company": ("company", "Firmenname", "company_name"),
    "website": ("website", "Website", "company_domain"),
    "industry": ("industry", "Industry", "industry"),
    "numberOfEmployees": ("number_of_employees", "Num Employees", "employee_count"),
    "annualRevenue": ("annual_revenue", "Annual Revenue", "annual_revenue"),
    "country": ("country", "Country", "country"),
    "state": ("state", "State", "region"),
    "city": ("city", "City", "city"),
    "inferredCompany": ("inferred_company", "Inferred Company", "ip_organization"),
    "leadStatus": ("lead_status", "Lead Status", "lifecycle_stage"),
    "leadOwnerId": ("lead_owner_id", "Lead Owner ID", "owner_id"),
    "unsubscribed": ("unsubscribed", "Unsubscribed", "do_not_contact"),
}
# Custom fields, which have the contract's names of attributes.
FIELDS = ("budget", "authority", "need", "timeline", "current_vendor", "team_size", "crm_system")
# The table, Marketo's number and the contract's word of what was done; what is not here Marketo
# does not know.
MAILS = {
    "sent": ("activity_send_email", 6), "delivered": ("activity_email_delivered", 7),
    "bounce": ("activity_email_bounced", 8), "unsubscribe": ("activity_unsubscribe_email", 9),
    "open": ("activity_open_email", 10), "click": ("activity_click_email", 11),
}  # fmt: skip
PAGES = {
    "page_view": ("activity_visit_webpage", 1, "page_view"),
    "form_submit": ("activity_fill_out_form", 2, "form_submit"),
    "download": ("activity_click_link", 3, "link_click"),
}
# Kinds of activity that are a status in a program, with its channel and the contract's word.
PROGRAMS = {
    "webinar_registered": ("Webinar", "Registered", "webinar_registered"),
    "webinar_attended": ("Webinar", "Attended On-Demand", "webinar_attended"),
    "trade_show_visit": ("Tradeshow", "Visited Booth", "trade_show_visit"),
    "direct_mail_reply": ("Direct Mail", "Responded", "program_status"),
}


def key(number: object) -> str | None:
    """The contract's id of a lead or of what else has a number."""
    return None if number is None else f"marketo:{number}"


def write_value(name: str, row: Row) -> object:
    """What a field of Marketo's holds of a version of a lead."""
    value = row[LEAD[name][2]]
    if value is None:
        return None
    if name == "website":
        return f"https://www.{value}/about"
    if name == "leadOwnerId":
        return number_of(value)
    return str(value).lower() if name == "unsubscribed" else value


class People:
    """Who is what in Marketo: every seventh lead was two, every fourteenth three, of which the
    first is in no table any more; every fifth had another address before."""

    def __init__(self, raw: Path) -> None:
        """Read the versions of the leads of a sample up to their deletion, and whose address is
        whose."""
        self.versions: dict[int, list[Row]] = defaultdict(list)
        for row in sorted(
            read_rows(raw, "crm.leads", "lead_id", "lead_id", "updated_at", time="updated_at"),
            key=lambda row: row["updated_at"],
        ):
            versions = self.versions[number_of(row["lead_id"])]
            if not (versions and versions[-1]["is_deleted"]):
                versions.append(row)
        self.emails = {number: rows[-1]["email"] for number, rows in self.versions.items()}
        self.numbers: dict[str, int] = {}
        for number in sorted(self.versions):
            if self.emails[number]:
                self.numbers.setdefault(self.emails[number].strip().lower(), number)

    def find(self, email: str | None) -> int | None:
        """Whose address it is."""
        return self.numbers.get((email or "").strip().lower())

    def pick_record(self, number: int, place: int) -> int:
        """The record of a lead that something was logged on, its own or that of who was merged."""
        if number % 14 == 0 and place % 5 == 1:
            return number + 60_000_000
        return number + 50_000_000 if number % 7 == 0 and place % 2 else number


def tell_leads(people: People) -> tuple[dict[str, list[Row]], list[Row]]:
    """Leads with the log of their changes, merges and deletions, and the same as versions."""
    vendor: dict[str, list[Row]] = defaultdict(list)
    truth: list[Row] = []
    for number, versions in people.versions.items():
        living = [row for row in versions if not row["is_deleted"]] or versions
        last = living[-1]
        has_first_source = number % 3 == 0
        is_blocked = bool(last["do_not_contact"]) and number % 3 == 1
        vendor["lead"].append({
            "id": number, "email": last["email"],
            **{column: write_value(name, last) for name, (column, _, _) in LEAD.items()},
            "lead_source": None if has_first_source else last["lead_source"],
            "original_source_type": last["lead_source"] if has_first_source else "Web form",
            "black_listed": "1" if is_blocked else "0", "lead_score": "90",
            "created_at": told(versions[0]["created_at"], number),
            "updated_at": told(last["updated_at"], number + 1),
            "_fivetran_deleted": str(last is not versions[-1]).lower(),
            "_fivetran_synced": told(versions[-1]["_loaded_at"], number),
        })  # fmt: skip
        if last is not versions[-1]:
            vendor["activity_delete_lead"].append({
                "lead_id": number, "activity_type_id": 37,
                "activity_date": told(versions[-1]["updated_at"], number),
            })  # fmt: skip
        for before, row in zip(living, living[1:], strict=False):
            for name, (_, shown, _) in LEAD.items():
                old, new = write_value(name, before), write_value(name, row)
                if old != new:
                    add_change(vendor, number, row, (name, shown), old, new)
        if number % 5 == 0 and last["email"]:
            add_change(
                vendor, number, last, ("email", "Email Address"),
                f"former.{number}@old.example", last["email"],
            )  # fmt: skip
        for row in versions:
            truth.append({
                **row, "lead_id": key(number), "email": last["email"], "account_id": None,
                "owner_id": row["owner_id"] and key(number_of(row["owner_id"])),
                "do_not_contact": True if is_blocked else row["do_not_contact"],
            })  # fmt: skip
        add_merged(vendor, truth, number, versions[0])
    return vendor, truth


def add_change(
    vendor: dict[str, list[Row]], number: int, row: Row, name: tuple[str, str], old: object,
    new: object,
) -> None:  # fmt: skip
    """A row of the log of changes, which knows a field by its number or by what it is shown as."""
    changes = vendor["activity_change_data_value"]
    api_name, shown = name
    if api_name not in {field["restname"] for field in vendor["lead_describe"]}:
        field = 1000 + len(vendor["lead_describe"])
        vendor["lead_describe"].append({"id": field, "display_name": shown, "restname": api_name})
    fields = {field["restname"]: field["id"] for field in vendor["lead_describe"]}
    # Numbers count up with time.
    moment = row["updated_at"]
    changes.append({
        "id": f"{int(moment.timestamp())}{len(changes):06}", "lead_id": number,
        "activity_type_id": 13, "activity_date": told(moment, len(changes)),
        "primary_attribute_value": "Was named otherwise" if number % 2 else shown,
        "primary_attribute_value_id": fields[api_name] if number % 2 else None,
        "old_value": old, "new_value": new,
        "_fivetran_synced": told(row["_loaded_at"], len(changes) + 1),
    })  # fmt: skip


def add_merged(vendor: dict[str, list[Row]], truth: list[Row], number: int, first: Row) -> None:
    """Who was merged into a lead a day after both were made, and of them the last as deleted."""
    if number % 7:
        return
    made, loser, first_loser = first["created_at"], number + 50_000_000, number + 60_000_000
    email = f"was.{number}@old.example"
    vendor["lead"].append({
        "id": loser, "email": email, "created_at": told(made), "updated_at": told(made),
        "_fivetran_synced": told(made + DAY),
    })  # fmt: skip
    merges = [(loser, first_loser, made), (number, loser, made + DAY)]
    for place, (winner, merged, moment) in enumerate(merges):
        if merged != first_loser or number % 14 == 0:
            vendor["activity_merge_leads"].append({
                "id": f"{number}{place}", "lead_id": winner, "merge_ids": f"[{merged}]",
                "activity_date": told(moment, number),
            })  # fmt: skip
    for moment, is_deleted in ((made, False), (made + DAY, True)):
        truth.append({
            "lead_id": key(loser), "email": email, "is_deleted": is_deleted, "created_at": made,
            "updated_at": moment, "_loaded_at": made + DAY,
        })  # fmt: skip


def tell_fields(raw: Path, people: People, vendor: dict[str, list[Row]]) -> list[Row]:
    """Custom fields as the leads have them today, with their changes, and the same as attributes;
    whoever is deleted has none."""
    held: dict[tuple[int, str], object] = {}
    truth = []
    today = {row["id"]: row for row in vendor["lead"]}
    for row in sorted(
        read_rows(
            raw, "crm.lead_attributes", "lead_id", "lead_id", "attribute", "updated_at",
            time="updated_at",
        ),
        key=lambda row: row["updated_at"],
    ):  # fmt: skip
        number, name = number_of(row["lead_id"]), row["attribute"]
        versions = people.versions.get(number)
        if name not in FIELDS or not versions or versions[-1]["is_deleted"]:
            continue
        shown = name.replace("_", " ").title()
        add_change(vendor, number, row, (name, shown), held.get((number, name)), row["value"])
        held[number, name] = today[number][name] = row["value"]
        last = max(row, versions[-1], key=lambda version: version["updated_at"])
        today[number] |= {
            "updated_at": told(last["updated_at"], number + 1),
            "_fivetran_synced": told(last["_loaded_at"], number),
        }
        truth.append({**row, "lead_id": key(number)})
    return truth


def tell_happenings(raw: Path, people: People) -> tuple[dict[str, list[Row]], dict]:
    """What leads did, and the same as mail events, web events and activities. Visits of nobody
    whose address is known, and what Marketo has no kind for, are in neither."""
    vendor: dict[str, list[Row]] = defaultdict(list)
    truth: dict[str, list[Row]] = defaultdict(list)
    counted = 0

    def add(row: Row, table: str, kind: int, lead: int | None, **columns: object) -> str:
        nonlocal counted
        counted += 1
        told_row = {
            "id": counted,
            "lead_id": people.pick_record(lead, counted) if lead in people.versions else lead,
            "activity_type_id": kind if counted % 4 else None,
            "activity_date": told(row["occurred_at"], counted),
            "_fivetran_synced": told(row["_loaded_at"], counted + 1), **columns,
        }  # fmt: skip
        vendor[table] += [told_row] * (2 if counted % 50 == 0 else 1)
        return key(counted)

    for row in read_rows(raw, "email.events", "event_id", time="occurred_at"):
        lead = people.find(row["email"])
        if row["event_type"] not in MAILS or not row["email"]:
            continue
        table, kind = MAILS[row["event_type"]]
        campaign = row["campaign_id"] and number_of(row["campaign_id"])
        unknown = 90_000_000 + len(row["email"])
        is_bounce = kind == 8
        event = add(
            row, table, kind, lead or unknown, primary_attribute_value_id=campaign,
            link=row["url"], user_agent=row["user_agent"],
            **{"category": "2", "email": row["email"]} if is_bounce else {},
        )  # fmt: skip
        truth["email.events"].append({
            **row, "event_id": event, "campaign_id": key(campaign),
            "email": people.emails[lead] if lead else row["email"] if is_bounce else key(unknown),
        })  # fmt: skip
        if kind == 6 and counted % 5 == 0:
            add(row, table, kind, lead, action_result="Skipped")
            add(row, "activity_email_bounced_soft", 27, lead, category="3", email=row["email"])
            truth["email.events"].append({
                **truth["email.events"][-1], "event_id": key(counted), "event_type": "soft_bounce",
                "campaign_id": None, "url": None, "user_agent": None,
                "email": people.emails[lead] if lead else row["email"],
            })  # fmt: skip
    visits = read_rows(raw, "web.events", "event_id", time="occurred_at")
    visitors = {row["visitor_id"]: people.find(row["email"]) for row in visits if row["email"]}
    for row in visits:
        lead = visitors.get(row["visitor_id"])
        if not lead or row["event_type"] not in PAGES:
            continue
        table, kind, word = PAGES[row["event_type"]]
        url, bare = row["url"], row["url"].removeprefix("https://")
        page = (
            {"primary_attribute_value": "A form", "referrer_url": url}
            if kind == 2
            else {"primary_attribute_value": "A title", "webpage_url": url}
            if counted % 2
            else {"primary_attribute_value": bare}
        )
        if kind == 1:
            page["referrer_url"] = row["referrer"]
        event = add(row, table, kind, lead, user_agent=row["user_agent"], **page)
        truth["web.events"].append({
            **row, "event_id": event, "visitor_id": key(lead), "email": people.emails[lead],
            "event_type": word, "search_term": None, "referrer": page.get("referrer_url"),
        })  # fmt: skip
    for row in read_rows(raw, "crm.activities", "activity_id", time="occurred_at"):
        if row["activity_type"] not in PROGRAMS:
            continue
        channel, status, word = PROGRAMS[row["activity_type"]]
        lead = number_of(row["lead_id"])
        program = 500 + list(PROGRAMS).index(row["activity_type"])
        activity = add(
            row, "activity_change_status_in_progression", 104, lead, new_status=status,
            primary_attribute_value=row["subject"], primary_attribute_value_id=program,
        )  # fmt: skip
        truth["crm.activities"].append({
            **row, "activity_id": activity, "lead_id": key(lead), "activity_type": word,
            "product": None,
        })  # fmt: skip
    vendor["program"] = [
        {"id": 500 + place, "channel": channel}
        for place, (channel, _, _) in enumerate(PROGRAMS.values())
    ]
    return vendor, truth


def tell_campaigns(raw: Path) -> tuple[list[Row], list[Row]]:
    """Mails in two versions, the newer one with the name, and the same as campaigns."""
    versions, campaigns = [], []
    for row in read_rows(raw, "email.campaigns", "campaign_id"):
        number = number_of(row["campaign_id"])
        for version, name in ((1, "A draft"), (2, row["campaign_name"])):
            moment = row["_loaded_at"] + (version - 2) * DAY
            versions.append(
                {"id": number, "version": version, "name": name, "updated_at": told(moment)}
            )
        campaigns.append({
            "campaign_id": key(number), "campaign_name": row["campaign_name"],
            "_loaded_at": row["_loaded_at"],
        })  # fmt: skip
    return versions, campaigns


def write_marketo(raw: Path, out: Path) -> None:
    """Write what Marketo has of a sample (Parquet) to `<out>/vendor/marketo`, and the same as the
    contract has it to `<out>/contract`."""
    people = People(raw)
    vendor, leads = tell_leads(people)
    attributes = tell_fields(raw, people, vendor)
    happenings, truth = tell_happenings(raw, people)
    versions, campaigns = tell_campaigns(raw)
    vendor |= happenings | {"email_template_history": versions}
    truth |= {
        "crm.leads": leads, "crm.lead_attributes": attributes, "email.campaigns": campaigns
    }  # fmt: skip
    for table, rows in vendor.items():
        write_csv(out / "vendor" / "marketo" / f"{table}.csv", rows)
    for name, rows in truth.items():
        write_csv(out / "contract" / f"{name.replace('.', '/')}.csv", rows)


if __name__ == "__main__":
    sys.exit(run("marketo", "Marketo", write_marketo))
