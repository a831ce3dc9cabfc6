"""One batch of cases of one kind: ``python -m validation.robustness.batch JOB``.

The job and what was found are JSON; a process of its own, because a case may end it.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import traceback
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import hypothesis.errors
import numpy as np
from hypothesis import HealthCheck, Phase, given, reproduce_failure, seed, settings
from hypothesis import strategies as st

from .common import TALLY
from .kinds import KINDS

#: different failures after which a batch ends
MAX_FAILURES = 20
#: how Hypothesis itself leaves a case
UNSATISFIED = (hypothesis.errors.UnsatisfiedAssumption, hypothesis.errors.StopTest)


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
        `cases` that ran, `tally` of calls accepted and refused, and `failures`, each kind once.
    """
    TALLY.clear()
    done, failures = 0, dict[str, dict[str, Any]]()
    while done < job["n"] and len(failures) < MAX_FAILURES:
        part = {**job, "n": job["n"] - done, "seed": job["seed"] + len(failures)}
        cases, failure = _until_failure(part, failures, lambda n: progress(done + n))  # noqa: B023
        done += cases
        if failure is None or job.get("blob"):
            failures |= {failure["key"]: failure} if failure else {}
            break
        failures[failure["key"]] = failure
    return {"cases": done, "tally": dict(TALLY), "failures": list(failures.values())}


def _until_failure(
    job: dict[str, Any], known: Collection[str], progress: Callable[[int], object]
) -> tuple[int, dict[str, Any] | None]:
    """Cases that ran before one failed in another way than those that are known, and that one."""
    kind, count, failed = KINDS[job["kind"]], [0], [False]

    def one(case: Any) -> None:
        count[0] += not failed[0]  # what is tried to make a failure small is not counted
        progress(count[0])
        try:
            kind.check(case)
        except UNSATISFIED:
            raise
        except Exception as error:
            if _told(job, error)["key"] not in known:
                failed[0] = True
                raise
            TALLY["again"] += 1

    failure = None
    try:
        if kind.drawn:
            _drawn(job, one)
        else:
            for k in range(job["n"]):
                one(np.random.default_rng([job["seed"], k]))
    except BaseException as error:  # whatever a case raises is what is looked for
        if isinstance(error, KeyboardInterrupt):
            raise
        failure = _told(job, error)
    return count[0], failure


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
    with contextlib.suppress(hypothesis.errors.DidNotReproduce):  # mended since
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
