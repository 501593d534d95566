"""What belongs here: which attributes a learned rule may ask, and why not the others."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# What is never asked, and why.
LEAKS = "changes with the outcome, so that it would foretell what has happened"
NOT_ASKED = {
    "is a key, true of one lead": "lead_id",
    "is a date, which comes but once": "created_at updated_at _loaded_at",
    "is the same for every lead that is scored": "is_deleted",
    "says again what its fields say": "completeness_pct",
}
NOT_ON_FIRST_DAYS = "is counted on the newest day, not on the lead's first"
COUNTED_ON_THE_DAY = (
    "days_since_last_activity active_days_30 activity_surge activity_state lead_age_days"
)
IS_PERSONAL = "is personal: only whether it is there is asked"


@dataclass(frozen=True)
class Attributes:
    """What is asked of leads: `keys` as they stand in the warehouse, with the name that a rule book
    writes; `presence` are those of which only it is asked whether they are there; `left_out` says
    what is not asked, and why. `activities` are left out as well."""

    keys: Mapping[str, str]
    presence: frozenset[str]
    left_out: Mapping[str, str]
    activities_left_out: frozenset[str]

    @property
    def named(self) -> list[str]:
        """As a rule book names them."""
        return sorted(set(self.keys.values()))


def describe_attributes(
    old: Mapping[str, list[dict[str, str]]],
    *,
    product: str,
    leave_out: Sequence[str],
    on_first_days: bool,
) -> Attributes:
    """What is asked, by the rule book's own lists of attributes."""
    never = {name: why for why, names in NOT_ASKED.items() for name in names.split()}
    never |= {
        row["attribute"]: LEAKS for row in old["attributes"] if row["follows_outcome"] == "true"
    }
    sensitive = [re.compile(row["pattern"]) for row in old["sensitive_fields"]]
    keys: dict[str, str] = {}
    presence, left_out = set(), {}

    def take(name: str, key: str, *, is_own: bool, is_personal: bool = False) -> None:
        if name in never:
            left_out[name] = never[name]
        elif name in leave_out:
            left_out[name] = "was asked to be left out"
        elif is_own and any(pattern.search(name) for pattern in sensitive):
            left_out[name] = "is a sensitive field"
        elif on_first_days and (name in COUNTED_ON_THE_DAY.split() or key_of_activities(name, old)):
            left_out[name] = NOT_ON_FIRST_DAYS
        else:
            keys[key] = name
            if is_personal:
                presence.add(key)
                left_out[name] = IS_PERSONAL

    for row in old["attributes"]:
        take(
            row["attribute"],
            row["attribute"],
            is_own=row["origin"] not in ("computed", "deals"),
            is_personal=row["is_personal"] == "true",
        )
    for row in old["custom_attributes"]:
        take(row["attribute"], row["attribute"], is_own=True)
    prefix = f"{product.lower()}." if product else ""
    for row in old["activity_attributes"]:
        take(row["attribute"], f"{prefix}{row['attribute']}", is_own=True)
    activities = frozenset(
        row["activity"] for row in old["activities"] if row["activity"] in leave_out
    )
    left_out |= dict.fromkeys(sorted(activities), "was asked to be left out")
    return Attributes(keys, frozenset(presence), left_out, activities)


def key_of_activities(name: str, old: Mapping[str, list[dict[str, str]]]) -> bool:
    """Whether an attribute is made of activities."""
    return any(row["attribute"] == name for row in old["activity_attributes"])
