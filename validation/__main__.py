"""``python -m validation``: run the protocols, print what was claimed and what was measured.

The exit status is 1 if a claim is missed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import priors

PROTOCOLS = {"priors": priors}


def main(argv: list[str] | None = None) -> int:
    """Run the protocols named, or all of them."""
    parser = argparse.ArgumentParser(
        prog="python -m validation", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name}: {module.__doc__.splitlines()[0]}"
                         for name, module in PROTOCOLS.items()))
    parser.add_argument("protocol", nargs="*", metavar="PROTOCOL",
                        help=f"of {', '.join(PROTOCOLS)}; default: all")
    parser.add_argument("--out", type=Path, default=Path("validation-results"), metavar="DIR",
                        help="where JSON and figures go (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="smaller samples and fewer seeds")
    parser.add_argument("--seeds", type=int, metavar="N", help="skies per setting")
    options = parser.parse_args(argv)
    unknown = [name for name in options.protocol if name not in PROTOCOLS]
    if unknown:
        parser.error(f"no protocol {unknown[0]!r}; there are {', '.join(PROTOCOLS)}")
    if options.seeds is not None and options.seeds < 1:
        parser.error("--seeds must be 1 or more")
    options.out.mkdir(parents=True, exist_ok=True)
    ok = [PROTOCOLS[name].run(options.out, quick=options.quick, seeds=options.seeds)
          for name in options.protocol or PROTOCOLS]
    return 0 if all(ok) else 1


if __name__ == "__main__":
    sys.exit(main())
