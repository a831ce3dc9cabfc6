"""Answers of a HiPS-to-FITS service, and the folder that keeps them."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
import warnings
from pathlib import Path

from ...catalogs.formats.writing import replaced_together

CACHE_VARIABLE = "BAYESMATCH_CACHE"
#: bytes of an answer that are read
LARGEST = 64_000_000


def fetch(url: str, name: str, address: str, timeout: float) -> bytes:
    """The answer of the service; what is wrong in one line, with what can be done."""
    request = urllib.request.Request(url, headers={"User-Agent": "bayesmatch"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            content = bytes(answer.read(LARGEST + 1))
    except urllib.error.HTTPError as error:
        said = " ".join(error.read(2000).decode("utf-8", "replace").split())[:200]
        raise OSError(
            f"{address}: HiPS {name} is refused ({error.code} {error.reason}"
            + (f": {said}" if said and "<" not in said else "")
            + "); check its name"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise OSError(
            f"{address}: no answer for HiPS {name} ({reason}): no network, or "
            "another address is needed (address=, --hips-address on the command line); "
            "files need none (image=, on the command line --image or --images)"
        ) from error
    if len(content) > LARGEST:
        raise ValueError(
            f"{address}: its answer for HiPS {name} is larger than {LARGEST // 1_000_000} MB"
        )
    return content


def keep(path: Path, content: bytes) -> None:
    """Write to the cache; that it cannot be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_together([path]) as (temporary,):
            temporary.write_bytes(content)
    except OSError as error:
        warnings.warn(
            f"the cutout is not kept for the next time ({error}); give another folder with "
            f"{CACHE_VARIABLE}",
            UserWarning,
            stacklevel=3,
        )


def cache_folder() -> Path:
    """Of the user, by the environment."""
    given = os.environ.get(CACHE_VARIABLE)
    if given:
        return Path(given) / "hips"
    if os.name == "nt" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "bayesmatch" / "hips"
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "bayesmatch" / "hips"
