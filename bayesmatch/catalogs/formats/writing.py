"""Files written whole or not at all, and whether they can be written where they are wanted."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..._kernels import stopping
from ..paths import given_path
from .marker import PREFIX, finish, mark, sync_folder
from .stale import maker, remove_stale

#: of the end of a name, extension included, that temporary names keep: writers go by it
MAX_TAIL = 40
#: what a disk answers that does not take a file, in errors that need not name one
UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


def real_path(path: str | os.PathLike) -> Path:
    """The file that a path means: where its symbolic links lead, whether or not it exists.

    ``~`` is the home directory; an address on the network is refused.
    """
    final = Path(os.path.realpath(given_path(path)))
    if final.is_symlink():
        raise OSError(f"{path}: its symbolic links go round in a circle; give another name")
    return final


def check_place(path: str | os.PathLike) -> None:
    """Raise, before any work, if no file could be written to `path`.

    Folders that do not exist are made when it is written.
    """
    given = given_path(path)
    if given.is_dir() or os.fspath(path).endswith(os.sep):
        raise IsADirectoryError(f"{path}: is a directory; give a file name")
    final = real_path(path)
    same = final.parent == Path(os.path.realpath(given.parent)) and ".." not in given.parts
    parent = given.parent if same else final.parent
    there = parent
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise NotADirectoryError(f"{path}: {there} is not a directory; give another name")
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(f"{path}: the directory {there} is not writable")
    if final.exists():
        if not final.is_file():
            raise OSError(f"{path}: is a device or pipe, not a file; give another name")
        if not os.access(final, os.W_OK):
            raise PermissionError(f"{path}: is write-protected; remove it, or give another name")


def _made_folders(finals: Sequence[Path]) -> list[Path]:
    """Make the folders of files that are not there; those made, the innermost last."""
    made: list[Path] = []
    for final in finals:
        lacking = [final.parent, *final.parent.parents]
        lacking = [folder for folder in lacking if not folder.exists()]
        for folder in reversed(lacking):
            with contextlib.suppress(FileExistsError):  # another process made it
                _make(folder, final)
                made.append(folder)
    return made


def _make(folder: Path, final: Path) -> None:
    try:
        folder.mkdir()
    except FileExistsError:
        raise
    except OSError as error:
        raise type(error)(
            f"{final}: the directory {folder} cannot be made ({error.strerror}); give another name"
        ) from None


@contextlib.contextmanager
def replaced_together(
    paths: Sequence[str | os.PathLike], *, marked: bool = False
) -> Iterator[list[Path]]:
    """Temporary names beside `paths`; they take the real names only if the block succeeds.

    A path that is a symbolic link stays one: what it leads to is replaced. A file that is replaced
    keeps its permissions, a new one has those that the process gives to new files. What a process
    that was killed while it wrote one of these files left beside it is removed first. Folders that
    do not exist are made, and removed again if the block fails.

    Parameters
    ----------
    paths : sequence of path
        The files to write.
    marked : bool, default False
        Whether the files are one thing, which a reader opens by :func:`.marker.settled`: then a
        process that is killed between two of the renames leaves the new set, not a mix.
    """
    finals = [real_path(path) for path in paths]
    temporary: list[Path] = []
    decided = done = False
    made = _made_folders(finals)
    try:
        for path, final in zip(paths, finals, strict=True):
            remove_stale(final, final.name[-MAX_TAIL:])
            with stopping.held(), _told_of([], [path]):
                temporary.append(_temporary(final))
                stopping.temporary(str(temporary[-1]))
        with _told_of(temporary, paths):
            yield temporary
            for path, final in zip(temporary, finals, strict=True):
                _complete(path, final)
        with stopping.held():
            if marked and len(finals) > 1:
                finish(finals)  # what a killed process left
                mark(finals, temporary)
                decided = True
                finish(finals)
                for folder in {final.parent for final in finals}:
                    sync_folder(folder)
            else:
                for path, final in zip(temporary, finals, strict=True):
                    path.replace(final)
            stopping.written(finals)
        done = True
    finally:
        if not decided:  # else they are the new set, whatever came between
            for path in temporary:
                path.unlink(missing_ok=True)
        for path in temporary:
            stopping.gone(path)
        if not (done or decided):
            for folder in reversed(made):
                with contextlib.suppress(OSError):  # somebody has put something there
                    folder.rmdir()


@contextlib.contextmanager
def _told_of(temporary: Sequence[Path], paths: Sequence[str | os.PathLike]) -> Iterator[None]:
    """What a disk does not take is told of the files that were to be written.

    Errors name the temporary files, or none (a full disk); those that name others are of others.
    """
    try:
        yield
    except OSError as error:
        name, number = Path(os.fsdecode(error.filename or "")), errno_of(error)
        where = [path for path, at in zip(paths, temporary, strict=False) if at == name]
        if name.name.startswith(PREFIX) or (error.filename is None and number in UNWRITTEN):
            where = where or list(paths)
        if not where:
            raise
        why = os.strerror(number or 0).lower()
        names = ", ".join(str(path) for path in where)
        told = type(error)(
            f"{names}: cannot be written ({why}); make room there, or give another name"
        )
        told.errno = number
        raise told from None


def errno_of(error: BaseException | None) -> int | None:
    """The number of an error, or of the first behind it that has one: astropy raises without."""
    while error is not None:
        if isinstance(error, OSError) and error.errno is not None:
            return error.errno
        error = error.__cause__ or error.__context__
    return None


def _temporary(final: Path) -> Path:
    """A new empty file beside `final`, for nobody's eyes that may not read `final`."""
    # Asking for the umask means changing it, for all threads; creating a file applies it.
    mode = stat.S_IMODE(final.stat().st_mode) & 0o666 if final.exists() else 0o666
    while True:
        name = f"{PREFIX}{maker()}{secrets.token_hex(6)}-{final.name[-MAX_TAIL:]}"
        path = final.with_name(name)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode | stat.S_IWUSR))
            return path


def _complete(path: Path, final: Path) -> None:
    """What was written reaches the disk, with the permissions of what it replaces."""
    if final.exists():
        old, new = final.stat(), path.stat()
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            with contextlib.suppress(OSError):  # for the super-user only
                os.chown(path, old.st_uid, old.st_gid)
        path.chmod(stat.S_IMODE(old.st_mode) & 0o777)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
