"""What belongs here: the past of a lost warehouse brought back by a command.

`python -m orchestration.restore` is what `make restore` calls. `make run` does the same by itself
where it finds a new warehouse beside a publication.
"""

import sys

from orchestration.lib.basics.locks import hold_lock
from orchestration.lib.basics.progress import divert_output, leave, print_problems, time_step
from orchestration.lib.basics.settings import (
    PROJECT_ROOT,
    Settings,
    check_settings,
    load_settings,
    locate_warehouse,
)
from orchestration.lib.basics.warehouse import (
    WAIT_SECONDS_FOR_RUN,
    attach_warehouse,
    check_warehouse,
    find_lock,
    open_warehouse,
)
from orchestration.lib.built.dbt_command import run_dbt
from orchestration.lib.published.restoration import (
    Restoration,
    describe_restoration,
    find_source,
    has_past,
    restore,
)

FOLDER = PROJECT_ROOT / "build" / "restore"


def main() -> int:
    """Restore into the warehouse of the settings and print what came back; 1 where it cannot."""
    try:
        warehouse = locate_warehouse()
        with hold_lock(find_lock(warehouse), wait_seconds=WAIT_SECONDS_FOR_RUN):
            check_warehouse(warehouse)
            settings = load_settings()
            check_settings(settings)
            demand_no_past(settings)
            return restore_and_tell(settings)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1


def demand_no_past(settings: Settings) -> None:
    """ValueError where the warehouse holds history or hand-overs: there is nothing to restore."""
    if settings.warehouse.exists():
        with attach_warehouse(settings.warehouse) as connection:
            connection.execute("use warehouse")
            if has_past(connection):
                raise ValueError(
                    f"{settings.warehouse} holds a history already, so nothing is restored into "
                    "it. Where that is not the one you want, move the file away and run again."
                )


def restore_and_tell(settings: Settings) -> int:
    """Restore, with progress; 1 where it cannot be done."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    log_file = FOLDER / "restore.log"
    try:
        with divert_output(log_file) as console:
            with time_step(console, "tables", "made where they are missing"):
                command = ["run-operation", "make_state_tables"]
                list(run_dbt(command, settings=settings, target_path=FOLDER / "target"))
            with time_step(console, "restore", "history and hand-overs"):
                restored = restore_past(settings)
    except ValueError as error:
        print_problems(
            "Nothing was restored. What is wrong:",
            [str(error)],
            log_file=str(log_file.relative_to(PROJECT_ROOT)),
        )
        return 1
    print("\n" + "\n".join(describe_restoration(restored)))
    print("All else comes from the raw tables: `make run`.")
    return 0


def restore_past(settings: Settings) -> Restoration:
    """Restore from the live publication into a warehouse that has the tables. Raises ValueError
    where nothing is published."""
    source = find_source(settings.published)
    if source is None:
        raise ValueError(
            f"There is no publication in {settings.published} to restore from. Set LEADS_PUBLISHED "
            "to the folder that has them, or put back a copy of the warehouse."
        )
    with open_warehouse(settings.warehouse) as connection:
        return restore(connection, settings, source=source)


if __name__ == "__main__":
    leave(main())
