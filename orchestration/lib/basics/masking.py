"""What belongs here: messages without the values that they quote. A database that stumbles over a
value tells it, and values of the raw tables may be personal: a name, an address, a number. What is
told instead is the shape of the value; the value itself can be looked up in the warehouse."""

import re
from itertools import groupby
from pathlib import Path

# The kinds of error that are about values; all others are about SQL, files or memory.
VALUE_ERROR = re.compile(
    r"\b(?:Conversion|Invalid Input|Out of Range|Constraint|Mismatch Type|Invalid Type"
    r"|Serialization|Data|Decimal|Sequence|Not implemented) Error:"
)

# A statement that is quoted after its error, and what follows on it.
QUOTED_STATEMENT = re.compile(r"\s*\bLINE \d+:.*", re.DOTALL)

# Lines of an error about a CSV file that tell where and what, and no value.
CSV_FACTS = re.compile(
    r"^\s*(Expected Number of Columns: \d+ Found: \d+|Error when converting column \"\w+\""
    r"|Invalid unicode \([a-z ]+\) detected|Value with unterminated quote found|file = (.+))",
    re.MULTILINE,
)

# What tells the place of a value, and a word with an apostrophe that is no quotation mark.
FACTS = re.compile(
    r"\bcolumn \"?[A-Za-z_]\w*\"?(?![\w\"'@])|\bLine: \d+|\bDECIMAL\(\d+,\d+\)|\bcan't\b"
    r"|\bNOT NULL constraint failed: [\w.]+"
)
FILE = re.compile(r"\bfile ['\"]([^'\"]+)['\"]")
QUOTED = re.compile(r"(['\"]).*\1")
EMAIL = re.compile(r"[^\s'\"<>(),;:@]+@[^\s'\"<>(),;:@]+")

# The words that DuckDB's own errors about values are made of. Any other word may be of a value.
WORDS = """
    a according addition an and as at be because blob bool boolean by byte bytes can cannot cast
    casting char character check checks code constraint conversion convert converting could csv
    date decimal destination detected double duplicate encoded encountered end error errors
    escape expected expression failed field file float for format found from hex in input int128
    int16 int32 int64 int8 integer interval invalid is json key line magic malformed mismatch
    more multiplication no not null number of on one only or out overflow parse primary quote
    range recognized returned returns row rows scalar sequence single sniffing source specifier
    string subquery subtraction table than the this time timestamp to type uint16 uint32 uint64
    uint8 unexpected unicode unique unterminated used utf-8 uuid value varchar violates
    violation was when while with
"""
HARMLESS = re.compile(
    rf"(?:{'|'.join(map(re.escape, WORDS.split()))}|\0\d+\0)[.,:;!]?$", re.IGNORECASE
)

# Of a longer value the beginning of its shape will do.
LONGEST_SHAPE = 12


def mask_message(message: str) -> str:
    """`message` without the values that it may quote: in an error about a value all that is not of
    the error's own words, everywhere else e-mail addresses.

    >>> mask_message("Conversion Error: Could not convert string 'Ada L.' to INT32 when casting "
    ...              "from source column phone")
    'Conversion Error: Could not convert string <3 letters, blank, 1 letter, .> to INT32 when \
casting from source column phone'
    >>> mask_message("There is no lead 'ada@lovelace.example'.")
    "There is no lead '<3 letters, @, 8 letters, ., 7 letters>'."
    """
    found = VALUE_ERROR.search(message)
    if not found:
        return EMAIL.sub(lambda match: f"<{describe_shape(match[0])}>", message)
    first, _, rest = QUOTED_STATEMENT.sub("", message[found.end() :]).strip().partition("\n")
    facts = [
        fact
        for fact, file in CSV_FACTS.findall(rest)
        # The line that is quoted before it may look like this one.
        if not file or Path(file.strip()).exists()
    ]
    told = "; ".join([mask_values(first), *facts])
    return f"{mask_message(message[: found.start()])}{found[0]} {told}"


def mask_values(line: str) -> str:
    """A line of an error with the shape of all that may be of a value: what stands in quotes, and
    every word that the database does not use by itself.

    >>> mask_values("missing ): Lovelace(")
    '<7 letters, blank, ), :, blank, 8 letters, (>'
    >>> mask_values('duplicate key "L1" violates')
    'duplicate key <1 letter, 1 digit> violates'
    """
    kept: list[str] = []

    def keep(text: str) -> str:
        kept.append(text)
        return f"\0{len(kept) - 1}\0"

    line = line.replace("\0", "")
    line = FACTS.sub(lambda match: keep(match[0]), line)
    line = FILE.sub(lambda match: keep(match[0]) if Path(match[1]).exists() else match[0], line)
    line = QUOTED.sub(lambda match: keep(f"<{describe_shape(match[0][1:-1])}>"), line)
    parts = []
    for is_harmless, group in groupby(line.split(), key=lambda word: bool(HARMLESS.match(word))):
        text = " ".join(group)
        parts.append(text if is_harmless else f"<{describe_shape(text)}>")
    return re.sub("\0(\\d+)\0", lambda match: kept[int(match[1])], " ".join(parts))


def describe_shape(value: str) -> str:
    """What a value looks like, without a letter or digit of it.

    >>> describe_shape("lovelace1@example.org")
    '8 letters, 1 digit, @, 7 letters, ., 3 letters'
    """
    parts = [
        describe_run(kind, len(list(run))) for kind, run in groupby(value, key=classify_character)
    ]
    return ", ".join([*parts[:LONGEST_SHAPE], "…"] if len(parts) > LONGEST_SHAPE else parts)


def classify_character(character: str) -> str:
    """letter, digit, blank, or the character itself where it is none of them."""
    if character.isalpha():
        return "letter"
    if character.isdigit():
        return "digit"
    return "blank" if character.isspace() else character


def describe_run(kind: str, length: int) -> str:
    """So many characters of one kind."""
    if kind in ("letter", "digit"):
        return f"{length} {kind}{'' if length == 1 else 's'}"
    return kind if length == 1 else f"{length} × {kind}"
