"""One batch of cases of one kind: ``python -m validation.robustness.batch JOB``.

The job and what was found are JSON; a process of its own, because a case may end it.
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, given, reproduce_failure, seed, settings
from hypothesis import strategies as st

from .common import TALLY
from .kinds import KINDS


def run(job: dict[str, Any], progress: Callable[[int], object] = lambda n: None) -> dict[str, Any]:
    """Run a batch.

    Parameters
    ----------
    job : dict
        `kind`, `seed`, `n` (cases); `shrink` (whether to look for the smallest failing case);
        `blob` and `hypothesis`: the one case to run instead.
    progress : callable
        Called with the number of each case before it runs.

    Returns
    -------
    dict
        `cases` that ran, `tally` of calls accepted and refused, and `failure`, if any.
    """
    kind, count = KINDS[job["kind"]], [0]
    TALLY.clear()

    def one(case: Any) -> None:
        count[0] += 1
        progress(count[0])
        kind.check(case)

    failure = None
    try:
        if kind.drawn:
            _drawn(job, one)
        else:
            for k in range(job.get("first", 0), job["n"]):
                job = {**job, "first": k}
                one(np.random.default_rng([job["seed"], k]))
    except BaseException as error:  # whatever a case raises is what is looked for
        if isinstance(error, KeyboardInterrupt):
            raise
        failure = _told(job, error)
    return {"cases": count[0], "tally": dict(TALLY), "failure": failure}


def _drawn(job: dict[str, Any], one: Callable[[Any], None]) -> None:
    phases = [Phase.generate, *([Phase.shrink] if job.get("shrink") else [])]

    @settings(
        max_examples=job["n"],
        database=None,
        deadline=None,
        phases=phases,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def test(data: st.DataObject) -> None:
        one(data)

    test = seed(job["seed"])(test)
    if job.get("blob"):
        test = reproduce_failure(job["hypothesis"], job["blob"].encode())(test)
    test()


def _told(job: dict[str, Any], error: BaseException) -> dict[str, Any]:
    """What a failure was, and the job that repeats it."""
    notes = "\n".join(getattr(error, "__notes__", []))
    blob = re.search(r"@reproduce_failure\('([^']+)', b'([^']+)'\)", notes)
    again = {k: v for k, v in job.items() if k not in ("shrink", "blob", "hypothesis")}
    if blob:
        again |= {"hypothesis": blob[1], "blob": blob[2]}
    elif job.get("blob"):
        again |= {"hypothesis": hypothesis.__version__, "blob": job["blob"]}
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if re.search(r"bayesmatch|robustness", f.filename)]
    where = f"{Path(ours[-1].filename).name}:{ours[-1].name}" if ours else "?"
    text = " ".join(str(error).split())[:300]
    key = re.sub(r"[-+.\d]+(e[-+]\d+)?", "#", text)[:60]
    return {
        "job": again,
        "error": f"{type(error).__name__}: {text}",
        "where": where,
        "key": f"{type(error).__name__} {where} {key}",
        "drawn": notes[:3000],
    }


def main() -> None:
    """Run the job that the command line gives."""
    job = json.loads(sys.argv[1])
    progress = Path(job.pop("progress"))
    found = run(job, lambda n: progress.write_text(str(n)))
    progress.with_suffix(".json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
