"""What belongs here: putting the command `leads` into an environment, for `make setup`.

    python -m orchestration.cli.install

Written and not installed by pip: that would ask for a build backend, which the lock file does not
hold and a machine without a network cannot get. The project is found from where the command lies,
so that each of several installations runs its own code.
"""

import sys
from pathlib import Path

# The interpreter is called by the shell: the first line of a script may neither be long nor have
# blanks. To Python the second line is a text.
SCRIPT = """\
#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import os
import sys

# Called by a link elsewhere, the project is the one that the link leads to.
places = [os.path.abspath(__file__), os.path.realpath(__file__)]
roots = [os.path.dirname(os.path.dirname(os.path.dirname(place))) for place in places]
sys.path[0] = next(
    (root for root in roots if os.path.isdir(os.path.join(root, "orchestration", "cli"))), roots[0]
)

from orchestration.cli.main import start

start()
"""


def install(environment: Path) -> Path:
    """Write the command into the virtual environment; returns where it is."""
    script = environment / "bin" / "leads"
    script.write_text(SCRIPT.format(python=environment / "bin" / "python"))
    script.chmod(0o755)
    return script


if __name__ == "__main__":
    install(Path(sys.prefix).resolve())
