"""What belongs here: in which order files of tests run."""

# The longest ones come first, so that no worker ends long after the other.
LONGEST = (
    "python/test_project.py",
    "defs/test_killed_runs.py",
    "engines/test_postgres.py",
    "engines/test_erasing_on_postgres.py",
    "intraday/test_killed_intraday.py",
    "intraday/test_intraday_run.py",
    "scored/test_incremental_laws.py",
    "published/test_publication.py",
    "sources/test_days_of_sources.py",
    "built/test_bad_input.py",
    "checked/test_health.py",
    "python/test_examples.py",
    "scored/test_laws.py",
    "engines/test_sources_on_postgres.py",
    "erased/test_erased_sources.py",
    "scored/test_sequences.py",
    "scored/test_suppressions.py",
    "scored/test_bad_rule_books.py",
    "built/test_raw_values.py",
    "scored/test_stale_feeds.py",
    "scored/test_golden_people.py",
    "scored/test_unknowns.py",
    "defs/test_definitions.py",
)


def pytest_collection_modifyitems(items) -> None:
    def find_place(item) -> int:
        path = item.path.as_posix()
        return next((n for n, file in enumerate(LONGEST) if path.endswith(file)), len(LONGEST))

    items.sort(key=find_place)
