"""Threads that stay: pieces in order, nobody waits for who has not begun."""

import os
import threading
import time

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch._kernels import jit, shared_work
from bayesmatch._kernels.gathered import take_present
from bayesmatch.catalogs import sky_box


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr(jit, "n_threads", lambda: 1 if shared_work.at_work() else 2)


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_all_pieces_in_order(workers):
    for n in (1, 2, 50):
        pieces = [(k, k + 1) for k in range(n)]
        found = list(shared_work.shared(lambda a, b: (a, b), pieces, workers))
        assert found == pieces


@pytest.mark.parametrize("workers", [1, 3])
def test_a_kernel_has_all_pieces_and_what_else_it_is_given(monkeypatch, workers):
    monkeypatch.setattr(jit, "n_threads", lambda: workers)
    values, at, out = np.arange(50.0), np.arange(40)[::-1].copy(), np.full(40, np.nan)
    for kernel in (take_present, take_present.__wrapped__):  # also as a plain function
        out[:] = np.nan
        jit.run_kernel(kernel, jit.ranges(40, 7), values, at, -1.0, out)
        assert (out == values[at]).all()


def test_every_thread_has_its_part():
    both = threading.Barrier(2)
    names = list(shared_work.shared(lambda a, b: both.wait(10) and 0, [(0, 1)] * 2, 2))
    assert len(names) == 2
    assert not shared_work.at_work()


def test_threads_stay(two):
    before = {t.ident for t in threading.enumerate()}
    both = threading.Barrier(2)
    for _ in range(20):
        list(jit.run_ranges(lambda a, b: both.wait(10), jit.ranges(2, 1)))
    assert len({t.ident for t in threading.enumerate()} - before) <= 1


def test_nobody_waits_for_threads_that_have_other_work(two):
    """Neither pieces nor what was begun ahead: who asks does it all."""
    go = threading.Event()
    busy = jit.begin(lambda: go.wait(10))
    while shared_work._pools[1]._work_queue.qsize():
        time.sleep(0.001)
    later = jit.begin(threading.get_ident)
    me = threading.get_ident()
    assert set(jit.run_ranges(lambda a, b: threading.get_ident(), jit.ranges(9, 1))) == {me}
    assert later() == me
    go.set()
    assert busy() is True


def test_what_is_begun_ahead_has_one_thread_and_its_error_comes_when_asked_for(two):
    begun = threading.Event()

    def fails():
        begun.set()
        raise ValueError(f"with {jit.n_threads()}")

    given = jit.begin(fails)
    assert begun.wait(10)
    with pytest.raises(ValueError, match="with 1"):
        given()
    assert shared_work.ahead(lambda: 3, 1)() == 3


@pytest.mark.parametrize("where", ["here", "there"])
def test_an_error_ends_it_all(two, where):
    me, done, both = threading.get_ident(), [], threading.Barrier(2)

    def piece(a, b):
        if a < 2:
            both.wait(10)
            if (threading.get_ident() == me) == (where == "here"):
                raise OSError("broken")
            time.sleep(0.05)
        done.append(a)

    with pytest.raises(OSError, match="broken"):
        list(jit.run_ranges(piece, jit.ranges(1000, 1)))
    assert len(done) < 1000
    n = len(done)
    time.sleep(0.02)
    assert len(done) == n and not shared_work.at_work()


def test_who_needs_no_more_stops_it(two):
    done = []

    def piece(a, b):
        time.sleep(1e-4)  # whoever waits for the processor meanwhile is not too late
        return done.append(a) or a

    for k in jit.run_ranges(piece, jit.ranges(10_000, 1)):
        if k == 5:
            break
    time.sleep(0.2)  # the piece that another thread has begun
    n = len(done)
    time.sleep(0.02)
    assert n == len(done) < 10_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
@pytest.mark.filterwarnings("error")
def test_a_fork_leaves_no_thread_behind(two):
    """Of which Python would warn; before and after, in parent and child, there are new ones."""

    def with_both():
        both = threading.Barrier(2)
        return list(jit.run_ranges(lambda a, b: both.wait(5) * 0, jit.ranges(2, 1)))

    assert with_both() == [0, 0]
    later = jit.begin(lambda: time.sleep(0.05) or 3)
    child = os.fork()
    if child == 0:
        os._exit(17 if with_both() == [0, 0] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 17
    assert later() == 3 and with_both() == [0, 0]


def test_at_the_end_of_the_process_who_asks_does_it(two, monkeypatch):
    def ended(*of):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(shared_work.ThreadPoolExecutor, "submit", ended)
    me = threading.get_ident()
    assert jit.begin(threading.get_ident)() == me
    assert set(jit.run_ranges(lambda a, b: threading.get_ident(), jit.ranges(9, 1))) == {me}


@pytest.mark.few(2)
@pytest.mark.parametrize("n_other", [1, 2])
def test_a_match_is_the_same_whoever_does_what(monkeypatch, n_other):
    """One thread; two, of which one counts cells beside the search; many, which all count."""
    rng = np.random.default_rng(3)
    x, y, sigma = 150 + rng.random(600), 2 + rng.random(600), rng.uniform(0.5, 1.5, 600)
    primary = bm.Catalog({"RA": x, "DEC": y, "s": sigma}, name="X", pos_err="s", area=1.0)
    others = []
    for k in range(n_other):
        n = (9_000, 30_000)[k]  # the latter are sieved before the search, and counted with it
        ra, dec = 150 + rng.random(n), 2 + rng.random(n)
        ra[:400], dec[:400] = x[:400] + rng.normal(0, 2e-4, 400), y[:400]
        others.append(bm.Catalog({"RA": ra, "DEC": dec}, name=f"O{k}", pos_err=0.3, area=1.0))
    found, looked = [], []
    whole = sky_box.SkyBox._look

    def look(box, catalog, counts=None):
        looked.append(shared_work.at_work())
        return whole(box, catalog, counts)

    monkeypatch.setattr(sky_box.SkyBox, "_look", look)
    for threads in (1, 2, 8):

        def n_threads(n=threads):
            return 1 if shared_work.at_work() else n

        monkeypatch.setattr(jit, "n_threads", n_threads)
        monkeypatch.setattr(sky_box, "n_threads", n_threads)
        looked.clear()
        result = bm.match(primary, *others, radius=8)
        assert len(looked) == n_other
        assert not any(looked) if threads != 2 else True
        columns = [
            np.ma.filled(table[c], -1).tobytes()
            for table in (result.associations, result.sources)
            for c in table.colnames
        ]
        checks = str(result.meta["checks"])
        found.append((columns, checks, str(result.meta["host_fraction_fit"])))
    assert found[0] == found[1] == found[2]
