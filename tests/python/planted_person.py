"""A person who is planted in raw tables to be erased: unique by address, name, phone number and
visitor, beside others who share a switchboard and a computer with them."""

from __future__ import annotations

from dbt_runs import activity, email_event, lead, web_event

ADDRESS = "zebulon.quartermain@plover-unique.example"
TEXTS = [ADDRESS, "Zebulon Quartermain", "+49 30 5550173", "LEAD-ZQ-1", "LEAD-ZQ-2", "visitor-zq"]

# What others have of the same is theirs.
SWITCHBOARD = "+49 30 111111"


def make_tables() -> dict[str, list[dict]]:
    """Raw tables of the person, whom two leads are, and of five others."""
    person = {
        "email": "Zebulon.Quartermain@plover-unique.example",
        "first_name": "Zebulon",
        "last_name": "Quartermain",
        "phone": "+49 30 5550173",
        "account_id": "A1",
        "job_title": "Keeper of plovers",
        "employee_count": 400,
        "company_domain": "plover-unique.example",
    }
    later = dict.fromkeys(("updated_at", "_loaded_at"), "2026-03-01") | {"phone": SWITCHBOARD}
    others = [
        lead(
            f"LEAD-{n}",
            email=f"someone{n}@firm{n}.example",
            first_name="Some",
            last_name=f"One{n}",
            phone=SWITCHBOARD,
            employee_count=300,
            account_id="A1" if n == 1 else f"A{n}",
        )
        for n in range(1, 6)
    ]
    return {
        "crm.leads": [
            lead("LEAD-ZQ-1", **person),
            lead("LEAD-ZQ-1", **person | later),
            lead("LEAD-ZQ-2", **person),
            *others,
        ],
        "crm.lead_attributes": [
            {
                "lead_id": "LEAD-ZQ-1",
                "attribute": "favourite_bird",
                "value": "Zebulon Quartermain's plover",
                "updated_at": "2026-02-01 00:00:00",
                "_loaded_at": "2026-02-01 00:00:00",
            }
        ],
        "crm.accounts": [
            {
                "account_id": f"A{n}",
                "account_name": f"Firm {n}",
                "updated_at": "2026-01-01 00:00:00",
                "_loaded_at": "2026-01-01 00:00:00",
            }
            for n in range(1, 6)
        ],
        "crm.opportunities": [
            {
                "opportunity_id": "D1",
                "lead_id": "LEAD-ZQ-1",
                "account_id": "A1",
                "stage": "proposal",
                "amount": 1000,
                "created_at": "2026-05-01 00:00:00",
                "updated_at": "2026-05-01 00:00:00",
                "_loaded_at": "2026-05-01 00:00:00",
            }
        ],
        "crm.activities": [
            activity("c1", "2026-06-20", "LEAD-ZQ-1", "call", subject="Zebulon Quartermain, again"),
            activity("c2", "2026-06-20", "LEAD-2", "call", subject="Hello"),
        ],
        "web.events": [
            *(
                web_event(f"w{n}", "2026-06-25", visitor_id="visitor-zq", url="/demo", email=email)
                for n, email in enumerate([None, None, ADDRESS, None])
            ),
            # A computer that two people share.
            web_event("s1", "2026-06-24", visitor_id="shared", url="/pricing", email=ADDRESS),
            web_event("s2", "2026-06-25", visitor_id="shared", url="/pricing",
                      email="someone3@firm3.example"),
            web_event("bad", "2026-06-25", visitor_id="visitor-zq", occurred_at="no time"),
        ],
        "email.events": [
            email_event("e1", "2026-06-26", email=ADDRESS, url="/demo"),
            email_event("e2", "2026-06-26", email="someone2@firm2.example", url="/demo"),
        ],
        "email.campaigns": [
            {"campaign_id": "M1", "campaign_name": "News", "_loaded_at": "2026-01-01 00:00:00"}
        ],
    }  # fmt: skip
