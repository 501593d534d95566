"""What belongs here: the command `leads` itself: its groups, which project it works on, and how it
ends."""

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from orchestration.cli import bring, decide, deliver, look, score, upkeep
from orchestration.cli.options import name_as_given
from orchestration.lib.basics.masking import mask_message
from orchestration.lib.basics.outcomes import Outcome, Refused, WrongUse
from orchestration.lib.basics.progress import Unheard, color
from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.basics.variables import check_names

STOPPED = 130

# What `leads --help` says after the commands.
ENDING = """\
Exit codes: 0 done; 1 broken: it could not be done; 2 wrong use: an option, a setting, a lead, a day
or a publication that is not there; 3 refused: a check has said no and a person is to decide.

`leads COMMAND --help` tells more, with an example. Settings: option before LEADS_ variable before
default; `leads settings` lists them.
"""


class Groups(click.Group):
    """The commands by what people want."""

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section per group."""
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(c.name, c.get_short_help_str(limit=100)) for c in commands])

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the ending with its line breaks."""
        formatter.write_paragraph()
        formatter.write(ENDING)


GROUPS = {
    "Score": [*score.COMMANDS, *bring.COMMANDS],
    "Look": look.COMMANDS,
    "Decide": decide.COMMANDS,
    "Deliver": deliver.COMMANDS,
    "Look after": upkeep.COMMANDS,
}


@click.group(
    cls=Groups,
    commands=[command for commands in GROUPS.values() for command in commands],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--project",
    type=click.Path(),
    metavar="DIR",
    help="The installation to work with, by its own code. Default: this one.",
)
@click.pass_context
def leads(context: click.Context, project: str | None) -> None:
    """Score leads, explain the scores, publish them, hand leads over."""
    if project:
        hand_to(Path(project).expanduser().resolve(), context)
    if context.invoked_subcommand != "settings":
        check_names()


def hand_to(project: Path, context: click.Context) -> None:
    """Go on in the installation `project`, where that is another one than this."""
    if project == PROJECT_ROOT:
        return
    if not (project / "orchestration" / "cli").is_dir():
        raise WrongUse(
            f"--project is {project}, which holds no installation of this project: name the folder "
            "that its README.md lies in."
        )
    own = project / ".venv" / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    # What comes after the project is for the other one, word by word.
    arguments = sys.argv[1:]
    place = next(n for n, word in enumerate(arguments) if word.startswith("--project"))
    rest = arguments[place + (1 if "=" in arguments[place] else 2) :]
    sys.stdout.flush()
    os.execve(
        python,
        # -P: not what lies in the folder that the command is called in.
        [python, "-P", "-m", "orchestration.cli", *arguments[:place], *rest],
        {**os.environ, "PYTHONPATH": str(project)},
    )


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. What goes wrong is said in a sentence."""
    try:
        code = leads.main(
            args=None if arguments is None else list(arguments),
            prog_name="leads",
            standalone_mode=False,
        )
        sys.stdout.flush()
        return int(code or Outcome.DONE)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        return end_with(Outcome.WRONG_USE, describe_misuse(error))
    except click.ClickException as error:
        return end_with(Outcome.WRONG_USE, error.format_message())
    except (KeyboardInterrupt, click.Abort):
        return end_with(STOPPED, "Stopped.")
    except WrongUse as error:
        return end_with(Outcome.WRONG_USE, name_as_given(str(error)))
    except Refused as error:
        return end_with(Outcome.REFUSED, str(error))
    except (ValueError, OSError) as error:
        if isinstance(error, ValueError) and str(error).startswith("LEADS_"):
            return end_with(Outcome.WRONG_USE, name_as_given(str(error)))
        return end_with(Outcome.BROKEN, mask_message(str(error)))
    except Exception as error:
        return end_with(Outcome.BROKEN, describe_fault(error))


def end_with(code: int, sentence: str) -> int:
    """Say why a command ends as it does."""
    print(color(sentence, "33" if code == Outcome.REFUSED else "31"), file=sys.stderr, flush=True)
    return code


def describe_misuse(error: click.UsageError) -> str:
    """What is wrong with a command line, and where its help is."""
    path = error.ctx.command_path if error.ctx else "leads"
    return f"{error.format_message()} `{path} --help` says what it takes."


def describe_fault(error: Exception) -> str:
    """The sentence on an error that nobody foresaw; its trace goes to a file."""
    folder = PROJECT_ROOT / "build"
    folder.mkdir(exist_ok=True)
    file = folder / "fault.log"
    file.write_text(mask_message("".join(traceback.format_exception(error))))
    return (
        f"This should not happen: {type(error).__name__}: {mask_message(str(error))}. The trace is "
        f"in {file}; please report it."
    )


def start() -> NoReturn:
    """Be the command `leads`."""
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = Unheard(sys.stdout), Unheard(sys.stderr)
    code = run()
    # Without the second and a half that Python takes to look through all that dbt and Dagster hold
    # for what refers to itself.
    gc.freeze()
    sys.exit(code)
