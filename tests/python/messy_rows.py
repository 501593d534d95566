"""Raw rows as no system should deliver them, beside those of the sample: of each kind of value that
engines read differently some, drawn at random and always the same ones."""

import csv
import random
from pathlib import Path

import duckdb

SAMPLE = Path(__file__).parents[2] / "samples" / "raw"
# The sample's rows that load on this day and later come in the second round.
SECOND_ROUND = "2026-06-20"
# Tables that messy rows stand beside: of text, all of them.
WRITTEN_AS_CSV = {
    ("crm", "leads"),
    ("crm", "opportunities"),
    ("crm", "activities"),
    ("web", "events"),
}

NAMES = [
    "ÉMILE",
    "Σοφία",
    "İpek",
    "Łukasz",
    "O'Brien",
    "  Ann ",
    "\u200bBo\u00a0b",
    "zzz",
    "Xyz",
    "",
]
TITLES = ["VP of Sales", "vp\tSales", "Chef d'Équipe", "CEO", "ceo & founder", "Dr. Müller", "a|b"]
MAILS = [
    "{n}@Example.COM",
    "É{n}@exämple.at",
    "{n}@gmail.com",
    "no at sign",
    "{n}@mailinator.com",
    "",
]
NUMBERS = ["5", "5.0", "5.5", " 12 ", "1e3", "1_000", "1,000", "-3", "+7", ".5", "5.", "many",
           "nan", "99999999999999999999", "1.005", "2.675", "0x10", "١", ""]  # fmt: skip
TRUTHS = ["true", "Yes", "0", "f", "maybe", "1.0", "N", ""]
TIMES = [
    "2026-05-01", "2026-05-01 10:30", "2026-05-01T10:30:15", "2026-05-01 10:30:15.123456789",
    "2026-05-01 23:30:00-02:00", "2026-05-02T01:30:00+0530", "2026-05-01 10:30:00Z", "1777631400",
    "1777631400.5", "1777631400123", "1777631400123456", "1777631400123456789", "20260501",
    "2026-02-30", "2026-05-01 24:00:00", "2026-05-01 23:59:60", "0000-05-01", "1969-12-31 23:59:59",
    "9999-12-31 23:59:59", "2026-05-01 10:30:00 Europe/Vienna", "soon", "infinity", "",
]  # fmt: skip
URLS = ["https://Shop.example/Pricing?x=1#y", "/pricing/", "/PRICING", "https://example.com", "ftp://x",
        "/demo\u00e9", "//double", "?only", ""]  # fmt: skip
EVENT_TYPES = ["page_view", "PAGE_VIEW", "form_submit", "search", "pricing_view", "unknown", ""]
AGENTS = ["Mozilla/5.0", "Googlebot/2.1", "my_crawler", "curl/8", "HeadlessChrome", ""]


def write_sample(root: Path, round_number: int, *, sample: Path = SAMPLE) -> None:
    """One round of the rows of a sample as Parquet files, a folder per table."""
    is_in_round = f"_loaded_at {'<' if round_number == 1 else '>='} timestamp '{SECOND_ROUND}'"
    for file in sorted(sample.glob("*/*.parquet")):
        if (file.parent.name, file.stem) in WRITTEN_AS_CSV:
            kind, options = "csv", "format csv, header"
        else:
            kind, options = "parquet", "format parquet"
        folder = root / file.parent.name / file.stem
        folder.mkdir(parents=True, exist_ok=True)
        duckdb.execute(
            f"copy (select * from read_parquet('{file}') where {is_in_round})"
            f" to '{folder}/round_{round_number}.{kind}' ({options})"
        )


def write_messy(root: Path, *, leads: int = 300, seed: int = 14) -> None:
    """Leads with deals, activities and web events as CSV files beside those of the sample."""
    draw = random.Random(seed)
    rows = []
    for n in range(leads):
        created = draw.choice(TIMES) if n % 3 == 0 else "2026-04-01 08:00:00"
        rows.append(
            {
                "lead_id": draw.choice([f"M{n}", f"M{n}", f" M{n}\u200b", f"m{n}"]),
                "email": draw.choice(MAILS).format(n=n),
                "first_name": draw.choice(NAMES),
                "last_name": draw.choice(NAMES),
                "phone": draw.choice(["+43 1 234567", "0000000", "12", "+43 (1) 2345-67", ""]),
                "job_title": draw.choice(TITLES),
                "company_name": draw.choice(["ÄCME", "acme", "Acme Inc.", ""]),
                "company_domain": draw.choice(["https://www.ACME.com/x", "acme.com", ""]),
                "industry": draw.choice(["Software", "SOFTWARE", "Öl", ""]),
                "employee_count": draw.choice(NUMBERS),
                "annual_revenue": draw.choice(NUMBERS),
                "country": draw.choice(["AT", "at", "DE", "Österreich", ""]),
                "do_not_contact": draw.choice(TRUTHS),
                "is_deleted": draw.choice(["false", "false", "false", *TRUTHS]),
                "created_at": created,
                "updated_at": draw.choice(TIMES) if n % 5 == 0 else created,
                "_loaded_at": draw.choice(TIMES) if n % 7 == 0 else "2026-06-01 09:00:00",
            }
        )
    write_csv(root / "crm" / "leads" / "messy.csv", rows)
    deals = [
        {
            "opportunity_id": f"MO{n}",
            "lead_id": f"M{draw.randrange(leads)}",
            "stage": draw.choice(["proposal", "Proposal", "won", "Won ", "lost", ""]),
            "amount": draw.choice(NUMBERS),
            "product": draw.choice(["suite", "SUITE", "Süite", ""]),
            "is_won": draw.choice(TRUTHS),
            "created_at": "2026-04-02 08:00:00",
            "updated_at": "2026-05-02 08:00:00",
            "closed_at": draw.choice(TIMES),
            "_loaded_at": "2026-06-01 09:00:00",
        }
        for n in range(leads)
    ]
    write_csv(root / "crm" / "opportunities" / "messy.csv", deals)
    activities = [
        {
            "activity_id": draw.choice([f"MA{n}", f"ma{n}", f"MA{n}\u00a0"]),
            "lead_id": f"M{draw.randrange(leads)}",
            "activity_type": draw.choice(["call", "Call", "meeting", "démo", "email", ""]),
            "subject": draw.choice(["Büro: Café", "RE: angebot", "no-show", "l'été", ""]),
            "product": draw.choice(["suite", "SUITE", "Süite", ""]),
            "occurred_at": draw.choice(TIMES),
            "_loaded_at": draw.choice(TIMES) if n % 7 == 0 else "2026-06-01 09:00:00",
        }
        for n in range(leads)
    ]
    write_csv(root / "crm" / "activities" / "messy.csv", activities)
    visits = [
        {
            "event_id": f"MW{n}",
            "visitor_id": f"MV{draw.randrange(leads // 3)}",
            "email": draw.choice(MAILS).format(n=draw.randrange(leads)) if n % 3 == 0 else "",
            "event_type": draw.choice(EVENT_TYPES),
            "url": draw.choice(URLS),
            "search_term": draw.choice(["Preis", "PREIS é", "50% off", "a_b", ""]),
            "referrer": draw.choice(URLS),
            "user_agent": draw.choice(AGENTS),
            "occurred_at": draw.choice(TIMES) if n % 2 == 0 else "2026-05-20 12:00:00",
            "_loaded_at": "2026-06-01 09:00:00",
        }
        for n in range(2 * leads)
    ]
    write_csv(root / "web" / "events" / "messy.csv", visits)
    # A line that opens a quote, and one with a field too many.
    with (root / "crm" / "leads" / "messy.csv").open("a", encoding="utf-8") as file:
        file.write('M-open,"never closed\nM-many' + ",x" * 40 + "\n")
    (root / "crm" / "lead.csv").write_text("lead_id\nstray\n")


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    """Rows of texts as a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
