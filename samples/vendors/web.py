"""Web events of the sample as trackers of web sites hold them: GA4, Segment and Snowplow, each with
its own names of events and its way to say who somebody is, and with rows that mean nothing. Who a
person is for the site (`user-7`) stands in a field of the CRM, for Segment among its users.

Each function takes rows of web.events in the contract's shape and returns the vendor's tables.
"""

from __future__ import annotations

import datetime as dt
import json
import re

Row = dict[str, object]
Tables = dict[str, list[Row]]

# The field of the CRM that holds who somebody is for the site.
USER_FIELD = "app_user"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
# The contract's kinds of events as each tracker calls them; others have the contract's names.
GA4 = {
    "download": "file_download", "signup": "sign_up", "search": "view_search_results",
    "social_share": "share",
}  # fmt: skip
SEGMENT = {
    "form_submit": "Form Submitted", "demo_request": "Demo Requested", "signup": "Signed Up",
    "download": "File Downloaded", "search": "Products Searched", "ad_click": "Ad Clicked",
    "social_share": "Product Shared",
}  # fmt: skip
SNOWPLOW = {
    "form_submit": "submit_form", "download": "file_download", "search": "site_search",
    "social_share": "social_interaction", "signup": "Sign Up",
}  # fmt: skip
# How a site says that it knows no user.
UNKNOWN = ("(not set)", None)
SECOND = dt.timedelta(seconds=1)


def name_users(events: list[Row]) -> dict[str, str]:
    """Who each address is for the site.

    >>> name_users([{"email": " Ann@acme.example"}, {"email": None}])
    {'ann@acme.example': 'user-0'}
    """
    addresses = dict.fromkeys(bare(row["email"]) for row in events if row["email"])
    return {address: f"user-{number}" for number, address in enumerate(addresses)}


def bare(address: object) -> str:
    """An address without blanks and capitals."""
    return str(address).strip().lower()


def is_address(text: object) -> bool:
    """Whether a user id can be told for an address; some of the sample's cannot.

    >>> is_address(" Ann@acme.example"), is_address("ann@")
    (True, False)
    """
    return re.fullmatch(r"[^@ ]+@[^@ ]+[.][^@ ]+", bare(text)) is not None


def is_machine(row: Row) -> bool:
    """Whether the client calls itself a bot."""
    return "bot" in str(row["user_agent"]).lower()


def with_term(row: Row) -> object:
    """The address of a page, of what was searched for with the term."""
    if not row["search_term"]:
        return row["url"]
    joint = "&" if "?" in row["url"] else "?"
    return f"{row['url']}{joint}q={row['search_term'].replace(' ', '+')}"


def write_ga4(events: list[Row]) -> Tables:
    """GA4's table: no machines, for Google leaves them out; of the last day the rows so far alone,
    of others copies of some beside the final ones."""
    users, rows = name_users(events), []
    last_day = max(row["occurred_at"] for row in events).date()
    for number, row in enumerate(event for event in events if not is_machine(event)):
        moment, is_search = row["occurred_at"], row["event_type"] == "search"
        name = GA4.get(row["event_type"], row["event_type"])
        if row["event_type"] == "form_submit" and number % 2:
            name = "generate_lead"
        told = {
            "_fivetran_id": row["event_id"], "name": name,
            "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z", "date": f"{moment:%Y-%m-%d}",
            "user_pseudo_id": row["visitor_id"],
            "user_id": users[bare(row["email"])] if row["email"] else UNKNOWN[number % 2],
            "param_page_location": row["url"] if is_search and number % 2 else with_term(row),
            "param_search_term": row["search_term"] if is_search and number % 2 else None,
            "param_page_referrer": row["referrer"],
            "is_intraday": str(moment.date() == last_day),
            "_fivetran_synced": row["_loaded_at"],
        }  # fmt: skip
        rows.append(told)
        if number % 10 == 0:
            rows += [
                {**told, "_fivetran_id": f"scroll {number}", "name": "scroll"},
                {**told, "_fivetran_id": f"nobody {number}", "user_pseudo_id": None,
                 "user_id": None},
            ]  # fmt: skip
            if moment.date() < last_day:
                rows.append({**told, "_fivetran_id": f"so far {number}", "is_intraday": "True"})
    return {"ga4.event": rows}


def write_segment(events: list[Row]) -> Tables:
    """Segment's tables: who a visitor is stands in `users`."""
    pages, tracks, users = [], [], name_users(events)
    for row in events:
        common = {
            "id": row["event_id"], "anonymous_id": row["visitor_id"],
            "user_id": users[bare(row["email"])] if row["email"] else None,
            "context_user_agent": row["user_agent"], "timestamp": row["occurred_at"],
            "received_at": row["_loaded_at"],
        }  # fmt: skip
        if row["event_type"] == "page_view":
            pages.append({**common, "url": row["url"], "referrer": row["referrer"]})
            continue
        name = SEGMENT.get(row["event_type"], row["event_type"])
        slug = name.lower().replace(" ", "_")
        tracks.append(
            {**common, "event": slug, "event_text": name, "context_page_url": with_term(row)}
        )
    return {
        "segment.pages": pages,
        "segment.tracks": tracks,
        "segment.users": [{"id": id, "email": email} for email, id in users.items()],
    }


def write_snowplow(events: list[Row]) -> Tables:
    """Snowplow's tables: clocks of browsers that are off, rows delivered twice, pings, apps without
    a cookie, and machines that call themselves a browser and are found out."""
    users, rows, verdicts = name_users(events), [], []
    for number, row in enumerate(events):
        moment, is_app = row["occurred_at"], row["visitor_id"].endswith("7")
        kind = row["event_type"]
        name = SNOWPLOW.get(kind, kind)
        is_struct = kind in ("signup", "search") and number % 2
        session = [{"userId": row["visitor_id"], "sessionId": f"s{number}"}]
        told = {
            "event_id": row["event_id"],
            "event": "page_view" if kind == "page_view" else "struct" if is_struct else "unstruct",
            "event_name": "event" if is_struct else name.lower().replace(" ", "_"),
            "se_action": name if is_struct else None,
            "se_label": row["search_term"] if is_struct else None,
            "user_id": None if not row["email"]
            else row["email"] if number % 2 and is_address(row["email"])
            else users[bare(row["email"])],
            "domain_userid": None if is_app else row["visitor_id"],
            "contexts_com_snowplowanalytics_snowplow_client_session_1":
                json.dumps(session) if is_app else None,
            "page_url": row["url"] if is_struct else with_term(row),
            "page_referrer": row["referrer"],
            "useragent": BROWSER if is_machine(row) else row["user_agent"],
            "derived_tstamp": moment, "collector_tstamp": moment + 5 * SECOND,
            "load_tstamp": row["_loaded_at"],
        }  # fmt: skip
        if is_machine(row) and number % 2:
            verdicts.append({"root_id": row["event_id"], "spider_or_robot": "true"})
        elif is_machine(row):
            told["contexts_com_iab_snowplow_spiders_and_robots_1"] = '[{"spiderOrRobot":true}]'
        rows += [told, told] if number % 20 == 0 else [told]
        if number % 10 == 0:
            ping = {"event_id": f"ping {number}", "event": "page_ping", "event_name": "page_ping"}
            rows.append({**told, **ping, "se_action": None})
    return {
        "snowplow.events": rows,
        "snowplow.com_iab_snowplow_spiders_and_robots_1": verdicts,
    }
