"""match(checkpoint=): whatever happens to its files, the result is that without a checkpoint."""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import warnings
from dataclasses import asdict, replace

import numpy as np
import pytest
from astropy import units
from mocpy import MOC
from test_scan import OPTIONS, small_tasks, sources, survey, write_parts  # noqa: F401

import bayesmatch as bm
from bayesmatch.catalogs.scan import lock
from bayesmatch.catalogs.scan.checkpoint import Stage, run_tasks
from bayesmatch.catalogs.scan.manifest import FORMAT, MadeFrom, _digest
from bayesmatch.catalogs.scan.parts import Part

MADE_FROM = MadeFrom("1", "O", 30.0, 5, "aa", 2, "bb", ("RA", "DEC"), 4, 300, "cc")


@pytest.fixture
def scanned(tmp_path, small_tasks):  # noqa: F811
    folder = write_parts(survey(2400), tmp_path / "parts")
    return bm.Catalog.scan(folder, pos_err="err", **OPTIONS)


def result_bytes(scanned, checkpoint=None):
    result = bm.match(
        sources(60), scanned, radius=60, host_fraction=0.5, checkpoint=checkpoint, min_p_i=0.0
    )
    return [
        np.ma.getdata(table[name]).tobytes()
        for table in (result.associations, result.sources)
        for name in table.colnames
    ]


@pytest.fixture
def kept(scanned, tmp_path):
    """A finished checkpoint of several parts, and the bytes of the result without it."""
    expected = result_bytes(scanned)
    folder = tmp_path / "kept"
    assert result_bytes(scanned, folder) == expected
    assert len(list((folder / "O" / "search").glob("*.arrow"))) > 4
    assert len(list((folder / "O").glob("columns-*/*.arrow"))) > 2
    return folder, expected


def files_of(folder):
    return sorted(f for f in folder.rglob("*") if f.is_file())


def restore(folder, copy):
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)


def flipped(data, rng):
    out = bytearray(data)
    for bit in rng.choice(8 * len(out), size=int(rng.integers(1, 4)), replace=False):
        out[bit // 8] ^= 1 << (bit % 8)
    return bytes(out)


def check_flips(kept, scanned, n, seed):
    """Flips of one to three bits, in all files in turn: same result, and the file is named."""
    folder, expected = kept
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    files, rng, told = files_of(folder), np.random.default_rng(seed), 0
    for k in range(n):
        file = files[k % len(files)]
        whole = file.read_bytes()
        file.write_bytes(flipped(whole, rng))
        same = file.name == "manifest.json" and _same_json(file.read_bytes(), whole)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert result_bytes(scanned, folder) == expected, file
        assert len(caught) == (not same) and (same or file.name in str(caught[0].message)), file
        told += len(caught)
        if k % 5 == 0:
            assert result_bytes(scanned, folder) == expected  # repaired: without a warning
        restore(folder, copy)
    assert told > 0.9 * n


def _same_json(a, b):
    """Whether a flip was in the white space between the values."""
    try:
        return json.loads(a) == json.loads(b)
    except ValueError:
        return False


def test_flipped_bits(kept, scanned):
    check_flips(kept, scanned, 15, seed=1)


@pytest.mark.full
def test_many_flipped_bits(kept, scanned):
    check_flips(kept, scanned, 200, seed=2)


def _swap(files):
    a, b = files[0].read_bytes(), files[1].read_bytes()
    files[0].write_bytes(b)
    files[1].write_bytes(a)


def _other_span(files):
    files[0].rename(files[0].with_name(files[0].name.replace("-0000000", "-0000001", 1)))


DAMAGE = {
    "empty": lambda files: files[1].write_bytes(b""),
    "cut": lambda files: files[1].write_bytes(files[1].read_bytes()[:-9]),
    "longer": lambda files: files[1].write_bytes(files[1].read_bytes() + b"x"),
    "swapped": _swap,
    "missing": lambda files: files[1].unlink(),
    "first missing": lambda files: files[0].unlink(),
    "renamed": lambda files: files[1].rename(files[1].with_name("x.arrow")),
    "of other tasks": _other_span,
    "of many tasks": lambda files: files[1].rename(
        files[1].with_name(files[1].name.replace("-0", "-9", 1))
    ),
    "of an older format": lambda files: files[1].rename(
        files[1].with_name("00000001-00000002.arrow")
    ),
    "another digest": lambda files: files[1].rename(
        files[1].with_name(files[1].name[:18] + "0" * 64 + ".arrow")
    ),
}


@pytest.mark.few(6)
@pytest.mark.parametrize("stage", ["search", "columns"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_parts_are_computed_again(damage, stage, kept, scanned, monkeypatch):
    folder, expected = kept
    files = sorted(folder.glob(f"O/{stage}*/*.arrow"))
    DAMAGE[damage](files)
    read, batches = [], Part.batches

    def noted(self, columns, groups, **options):
        read.append(tuple(columns))
        return batches(self, columns, groups, **options)

    monkeypatch.setattr(Part, "batches", noted)
    with pytest.warns(UserWarning, match=rf"checkpoint .*{stage}.*\.arrow.* computed again"):
        assert result_bytes(scanned, folder) == expected
    assert 0 < len(read) < len(files)  # the rest is taken as it is
    assert {len(columns) for columns in read} == {2} and (("RA", "DEC") in read) == (
        stage == "search"
    )
    read.clear()
    assert result_bytes(scanned, folder) == expected and not read


MANIFESTS = {
    "[]": "[]",
    "null": "null",
    "nested": "[" * 100_000,
    "a huge number": '{"format": ' + "9" * 10_000 + "}",
    "not a text": b"\xff\xfe\x00",
    "empty": "",
    "no fields": json.dumps({"format": FORMAT, "made_from": {}, "sha256": _digest(FORMAT, {})}),
    "no dictionary": json.dumps(
        {"format": FORMAT, "made_from": [1], "sha256": _digest(FORMAT, [1])}
    ),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_damaged_manifests_are_written_again(name, kept, scanned):
    folder, expected = kept
    manifest = folder / "O" / "search" / "manifest.json"
    whole, text = manifest.read_bytes(), MANIFESTS[name]
    manifest.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.warns(UserWarning, match=r"search: manifest\.json damaged"):
        assert result_bytes(scanned, folder) == expected
    assert manifest.read_bytes() == whole
    manifest.unlink()
    with pytest.warns(UserWarning, match=r"search: manifest\.json damaged, renamed or missing"):
        assert result_bytes(scanned, folder) == expected


@pytest.mark.parametrize(
    "field, value",
    [
        ("radius_arcsec", 30),
        ("radius_arcsec", float("inf")),
        ("primary_rows", True),
        ("primary_rows", "5"),
        ("position_columns", ["RA", 3]),
        ("position_columns", "RADEC"),
        ("candidates", None),
    ],
)
def test_manifests_are_typed(field, value, tmp_path):
    """A digest does not make a value of another type one of this."""
    content = {**asdict(MADE_FROM), field: value}
    record = {"format": FORMAT, "made_from": content, "sha256": _digest(FORMAT, content)}
    (tmp_path / "manifest.json").write_text(json.dumps(record))
    with pytest.warns(UserWarning, match=r"manifest\.json damaged"):
        assert Stage(tmp_path, MADE_FROM).load(4) == []


def test_a_manifest_edited_by_hand_is_damaged(kept, scanned):
    folder, expected = kept
    manifest = folder / "O" / "search" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("60.0", "61.0"))
    with pytest.warns(UserWarning, match=r"manifest\.json damaged"):
        assert result_bytes(scanned, folder) == expected


def test_other_formats_are_refused(kept, scanned):
    folder, _ = kept
    manifest = folder / "O" / "search" / "manifest.json"
    content = json.loads(manifest.read_text())["made_from"]
    manifest.write_text(json.dumps(content))  # as 0.1 wrote it
    with pytest.raises(ValueError, match="of an older version of bayesmatch.*delete this one"):
        result_bytes(scanned, folder)
    record = {"format": FORMAT + 1, "made_from": content, "sha256": _digest(FORMAT + 1, content)}
    manifest.write_text(json.dumps(record))
    with pytest.raises(ValueError, match="of another version of bayesmatch"):
        result_bytes(scanned, folder)
    assert len(list(folder.glob("O/search/*.arrow"))) > 4


def test_parts_of_another_match_are_not_taken(tmp_path, kept, scanned):
    """Whole parts with digests of their own, from a search with another radius."""
    folder, expected = kept
    bm.match(sources(60), scanned, radius=40, host_fraction=0.5, checkpoint=tmp_path / "other")
    for file in folder.glob("O/search/*.arrow"):
        file.unlink()
    for file in (tmp_path / "other").glob("O/search/*.arrow"):
        shutil.copy(file, folder / "O" / "search")
    with pytest.warns(UserWarning, match=r"\.arrow and \d+ more damaged"):
        assert result_bytes(scanned, folder) == expected


def table(task):
    import pyarrow as pa

    return pa.table({"task": [task]})


def test_parts_of_another_map_are_not_taken(tmp_path, small_tasks):  # noqa: F811
    """Candidates outside the first MOC were missing in the match with another one, or with none."""
    write_parts(survey(2400), tmp_path / "parts")
    x = sources(60)
    center = [part[0] * units.deg for part in (x.ra, x.dec)]
    maps = [MOC.from_cone(*center, radius=r * units.deg, max_depth=12) for r in (0.2, 0.4)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rows outside
        first, *others = (
            bm.Catalog.scan(tmp_path / "parts", pos_err="err", **{**OPTIONS, "area": area})
            for area in (*maps, 1.0)
        )
        kept = tmp_path / "kept"
        result_bytes(first, kept)
        for other in others:
            with pytest.raises(ValueError, match="of another match: footprint is"):
                result_bytes(other, kept)


def test_gaps_and_overlaps(tmp_path, small_tasks):  # noqa: F811
    """Parts tile the tasks: what lies within another is left, what is between them is run."""
    stage = Stage(tmp_path / "s", MADE_FROM)
    for begin, end in ((0, 1), (0, 3), (2, 4), (6, 8), (7, 8)):
        stage._pending, stage._begin = [table(t) for t in range(begin, end)], begin
        stage.flush()
    ran = []

    def work(task):
        ran.append(task)
        return table(task)

    with pytest.warns(UserWarning, match=r"00000003-00000006\.\*\.arrow \(missing\)"):
        pieces = list(run_tasks(work, 10, Stage(tmp_path / "s", MADE_FROM)))
    assert [t for _, piece in pieces for t in piece["task"].to_pylist()] == list(range(10))
    assert [done for done, _ in pieces] == [3, 4, 5, 6, 8, 9, 10]
    assert sorted(ran) == [3, 4, 5, 8, 9]
    pieces = list(run_tasks(work, 10, Stage(tmp_path / "s", MADE_FROM)))
    assert len(ran) == 5 and pieces[-1][0] == 10
    with pytest.raises(ValueError, match="catalogue is 'P' now and was 'O'"):
        Stage(tmp_path / "s", replace(MADE_FROM, catalogue="P"))


def test_what_is_not_a_part_is_not_touched(tmp_path):
    Stage(tmp_path / "s", MADE_FROM)
    (tmp_path / "s" / "notes.txt").write_text("mine")
    assert Stage(tmp_path / "s", MADE_FROM).load(4) == []
    assert (tmp_path / "s" / "notes.txt").read_text() == "mine"
    (tmp_path / "s" / "manifest.json").write_text("{}")
    with pytest.raises(ValueError, match=r"not a checkpoint of bayesmatch \(it holds notes.txt\)"):
        Stage(tmp_path / "s", MADE_FROM)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="not a checkpoint of bayesmatch"):
        Stage(tmp_path / "file", MADE_FROM)


MAKER = "from bayesmatch.catalogs.formats.stale import maker; print(maker())"


def test_killed_while_a_file_was_written(tmp_path):
    """Whichever it was, and also where there is no manifest yet."""
    with subprocess.Popen([sys.executable, "-c", MAKER], stdout=subprocess.PIPE) as process:
        maker = process.communicate()[0].decode().strip()
    part = f"00000000-00000001.{'0' * 64}.arrow"[-40:]
    for n, (name, before) in enumerate((a, b) for a in ("manifest.json", part) for b in (0, 1)):
        folder = tmp_path / str(n)
        if before:
            Stage(folder, MADE_FROM)
        folder.mkdir(exist_ok=True)
        (folder / f".writing-{maker}0123456789ab-{name}").write_text("half")
        assert Stage(folder, MADE_FROM).load(1) == []
        assert os.listdir(folder) == ["manifest.json"]


def test_a_pipe_in_a_checkpoint_is_not_opened(tmp_path):
    for name in ("manifest.json", f"00000000-00000001.{'0' * 64}.arrow"):
        folder = tmp_path / name
        folder.mkdir()
        os.mkfifo(folder / name)
        with pytest.raises(ValueError, match="not a checkpoint of bayesmatch"):
            Stage(folder, MADE_FROM)


# -- two processes --------------------------------------------------------------------------------

HOLD = """
import sys, time
from pathlib import Path
from bayesmatch.catalogs.scan.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(300)
"""


def test_a_second_process_is_refused(scanned, tmp_path):
    """In one line that names the first; when that is killed, the next goes on."""
    kept = tmp_path / "kept"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HOLD, str(kept)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(ValueError) as error:
            result_bytes(scanned, kept)
        process.send_signal(signal.SIGKILL)
    text = str(error.value)
    assert f"{kept} is in use by process {process.pid} on {platform.node()}" in text
    assert "\n" not in text and "another directory" in text
    assert (kept / ".lock").exists()  # of the killed process: it holds nothing
    assert result_bytes(scanned, kept) == result_bytes(scanned)
    assert sorted(p.name for p in kept.iterdir()) == ["O"]


def test_two_threads_and_one_after_the_other(tmp_path):
    with lock.locked(tmp_path / "kept"):
        with pytest.raises(ValueError, match=f"in use by process {os.getpid()} on"):
            with lock.locked(tmp_path / "kept"):
                pass
        assert (tmp_path / "kept" / ".lock").exists()
    with pytest.raises(KeyError), lock.locked(tmp_path / "kept"):
        raise KeyError("inside")
    with lock.locked(tmp_path / "kept"):
        pass
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_lock_that_vanished_between(tmp_path, monkeypatch):
    """The first ends between the second's opening and locking of the file: it makes a new one."""
    take, gone = lock._lock, []

    def late(descriptor):
        if not gone:
            gone.append((tmp_path / ".lock").unlink())
        return take(descriptor)

    monkeypatch.setattr(lock, "_lock", late)
    with lock.locked(tmp_path), pytest.raises(ValueError, match="in use"), lock.locked(tmp_path):
        pass


def test_where_there_are_no_locks(tmp_path, monkeypatch):
    import fcntl

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with lock.locked(tmp_path / "kept"):
        pass
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_checkpoint_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(lock.os, "open", refuse)
    with pytest.raises(PermissionError, match=r"kept: cannot be written to \(Permission denied\)"):
        with lock.locked(tmp_path / "kept"):
            pass


def test_a_checkpoint_without_a_name_is_refused(scanned):
    with pytest.raises(ValueError, match="checkpoint is ''; give the path of a directory"):
        result_bytes(scanned, checkpoint="")
