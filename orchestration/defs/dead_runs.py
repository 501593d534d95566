"""What belongs here: runs whose process is gone. They would count as at work and keep the others
waiting in the pool, which takes one run at a time."""

import os
import socket

import dagster as dg

# Runs that Dagster's daemon starts are watched by itself; `leads run` leaves word of its process.
PROCESS_TAG = "process"


def name_process() -> str:
    """This process, as a run's tag names it."""
    return f"{socket.gethostname()} {os.getpid()}"


def forget_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs as failed whose process on this machine is gone; returns their ids."""
    at_work = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.NOT_STARTED])
    forgotten = []
    for run in instance.get_runs(at_work):
        machine, _, process = run.tags.get(PROCESS_TAG, "").partition(" ")
        if machine == socket.gethostname() and not is_alive(int(process)):
            instance.report_run_failed(run, "Its process was killed.")
            forgotten.append(run.run_id)
    return forgotten


def is_alive(process: int) -> bool:
    """Whether a process of that id is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@dg.sensor(minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Looks for them once a minute."""
    return dg.SkipReason(f"Marked as failed: {', '.join(forget_dead_runs(context.instance)) or 0}")
