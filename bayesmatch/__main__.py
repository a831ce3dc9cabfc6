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
    _fill_closed()
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
    _end(status)


def _fill_closed() -> None:
    """Give the standard streams that were closed to nobody, else a file that is written gets one.

    Whatever writes to it without Python (a handler of signals, a library) would write into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one


def _end(status: int) -> NoReturn:
    """Leave, with what is registered for the end, but without taking apart all that was loaded.

    That ends with the process anyway, and took a tenth of the time of a small match.  Where
    somebody watches (a profiler, a debugger), or other threads have work, Python ends in its way.
    """
    import atexit
    import threading

    if work := sys.modules.get(f"{__package__}._kernels.shared_work"):
        work.rest()  # its threads wait for more, and would count as having work
    main = threading.main_thread()
    others = [t for t in threading.enumerate() if t is not main and not t.daemon]
    if not others and not _watched() and hasattr(atexit, "_run_exitfuncs"):
        atexit._run_exitfuncs()
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None and not stream.closed:
                    stream.flush()
        except (OSError, ValueError):
            sys.exit(status)  # Python says what it says of that
        os._exit(status)
    sys.exit(status)


def _watched() -> bool:
    """Whether a profiler or a debugger follows what runs."""
    monitoring = getattr(sys, "monitoring", None)  # since Python 3.12
    return (
        sys.getprofile() is not None
        or sys.gettrace() is not None
        or (monitoring is not None and any(map(monitoring.get_tool, range(6))))
    )


if __name__ == "__main__":
    run()
