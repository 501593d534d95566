"""What belongs here: the mapping from the bank's file to the raw tables of the input contract.

    python -m examples.uci_bank.prepare --data <folder of the file> --out <folder of raw tables>

`duration` is not read: nobody knows before a call how long it will be. Nor are `age` and
`marital`, which may not be scored. `y` goes to the opportunities and nowhere else.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from examples.mapping import Row, read_rows, run_mapping, write_table

CALLS_FILE = "bank-full.csv"
SOURCE = (
    "Download 'Bank Marketing' from archive.ics.uci.edu/dataset/222/bank+marketing, unpack it and "
    "the bank.zip in it, and give that folder as --data."
)
FIRST_YEAR, LAST_YEAR = 2008, 2010
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

# The bank's column of each attribute; its `unknown` is a value that is missing.
ATTRIBUTES = {
    "education": "education",
    "credit_in_default": "default",
    "balance": "balance",
    "housing_loan": "housing",
    "personal_loan": "loan",
    "contact_channel": "contact",
    "calls_in_campaign": "campaign",
    "days_since_last_campaign": "pdays",
    "calls_before_campaign": "previous",
    "previous_outcome": "poutcome",
}
STAGES = {"yes": "closed_won", "no": "closed_lost"}
ANSWERS = {"yes": "true", "no": "false"}


def prepare(data: Path, out: Path) -> list[str]:
    """Write crm.leads, crm.lead_attributes and crm.opportunities under `out`; returns what it did.

    Every row of the file becomes a lead and an opportunity: what cannot be read is left as it is
    for staging to set aside. Raises ValueError where the file is missing, is not the bank's, or is
    not in its order of time.
    """
    calls = read_rows(
        data / CALLS_FILE,
        ["job", "day", "month", "y", *ATTRIBUTES.values()],
        source=SOURCE,
        delimiter=";",
    )
    times = date_calls([(call["day"], call["month"]) for call in calls])
    keys = [f"call-{number:05}" for number in range(1, len(calls) + 1)]
    rows = list(zip(keys, calls, times, strict=True))
    write_table(out, "crm.leads", [make_lead(*call) for call in rows])
    write_table(
        out, "crm.lead_attributes", [row for call in rows for row in make_attributes(*call)]
    )
    write_table(out, "crm.opportunities", [make_opportunity(*call) for call in rows])
    return [
        f"{len(calls):,} calls, each a lead with {len(ATTRIBUTES)} attributes and an opportunity, "
        f"written to {out}."
    ]


def date_calls(days: list[tuple[str, str]]) -> list[str]:
    """The time of each call from its (day, month), in the file's order.

    The year is one more whenever the month is an earlier one than that of the row before. Calls of
    one day are a second apart, so that the order stays. A day that cannot be read is left as it
    is. Raises ValueError where that leads past the last year: then the order is not one of time.

    >>> date_calls([("5", "may"), ("5", "may"), ("31", "feb"), ("2", "feb")])
    ['2008-05-05 00:00:00', '2008-05-05 00:00:01', '31 feb', '2009-02-02 00:00:00']
    """
    year, last_month, last_day, second = FIRST_YEAR, 0, None, 0
    times = []
    for number, (day, month_name) in enumerate(days, start=1):
        try:
            month = MONTHS.index(month_name.lower()) + 1
            years_on = year + (month < last_month)
            on = datetime(years_on, month, int(day))
        except ValueError:
            times.append(f"{day} {month_name}")
            continue
        year, last_month = years_on, month
        if year > LAST_YEAR:
            raise ValueError(
                f"Row {number} of {CALLS_FILE} ({day} {month_name}) would lie in {year}, but the "
                f"calls end in {LAST_YEAR}: the rows are not in the order of time. Take the file "
                "as it was downloaded; the ten-percent sample bank.csv does not do."
            )
        second = second + 1 if on == last_day else 0
        last_day = on
        times.append((on + timedelta(seconds=second)).isoformat(sep=" "))
    return times


def make_lead(key: str, call: Row, at: str) -> Row:
    """The crm.leads row of a call."""
    return {
        "lead_id": key,
        "email": "",
        "job_title": blank_unknown(call["job"]),
        "created_at": at,
        "updated_at": at,
        "_loaded_at": at,
    }


def make_attributes(key: str, call: Row, at: str) -> list[Row]:
    """The crm.lead_attributes rows of a call: what was known as it began, blank where unknown."""
    values = {name: blank_unknown(call[column]) for name, column in ATTRIBUTES.items()}
    if values["days_since_last_campaign"] == "-1":
        values["days_since_last_campaign"] = ""
    return [
        {"lead_id": key, "attribute": name, "value": value, "updated_at": at, "_loaded_at": at}
        for name, value in values.items()
    ]


def make_opportunity(key: str, call: Row, at: str) -> Row:
    """The crm.opportunities row of a call: whether the client subscribed."""
    return {
        "opportunity_id": key,
        "lead_id": key,
        "product": "term_deposit",
        "stage": STAGES.get(call["y"], ""),
        "is_won": ANSWERS.get(call["y"], call["y"]),
        "created_at": at,
        "closed_at": at,
        "updated_at": at,
        "_loaded_at": at,
    }


def blank_unknown(value: str) -> str:
    """The bank's `unknown` as the blank that a missing value is."""
    return "" if value == "unknown" else value


if __name__ == "__main__":
    sys.exit(run_mapping(prepare, "uci_bank"))
