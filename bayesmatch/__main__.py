"""``python -m bayesmatch``, and the command ``bayesmatch``: the command line, a process of its own.

Signals are handled before anything else is imported, which takes longer than many a command; and
nothing is imported here that Python has not loaded itself, because no handler is there yet.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

#: objects made before Python looks for cycles among them: while modules are imported all that it
#: finds is in use, and looking at it took a tenth of the time of a small match
OBJECTS = 200_000


def run() -> NoReturn:
    """Run the command line; leave with its status, or at once when a signal says so."""
    try:
        from ._kernels import stopping

        stopping.leave_on_signals()
    except KeyboardInterrupt:
        os.write(2, b"bayesmatch: stopped; nothing was written\n")
        os._exit(130)
    import gc

    gc.set_threshold(OBJECTS)
    from .cli import main

    status = main()
    stopping.ignore_signals()
    sys.exit(status)


if __name__ == "__main__":
    run()
