"""Whether a path is a file that may be opened: pipes and devices would wait for ever."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from ..closest import did_you_mean_file

#: what a path may be instead of a file, by the test of its mode
OTHER_KINDS = (
    (stat.S_ISFIFO, "a FIFO (named pipe)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def path_status(path: str | os.PathLike) -> os.stat_result:
    """Status of what a path leads to, links followed; nothing is opened.

    Raises
    ------
    FileNotFoundError, ValueError, OSError
        If there is nothing, or it cannot be told; names the path and the remedy.
    """
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        if os.path.islink(path):
            raise FileNotFoundError(
                f"{path}: a link to {Path(path).readlink()}, which does not exist; restore that "
                "file or remove the link"
            ) from error
        raise FileNotFoundError(f"{path}: no such file{did_you_mean_file(path)}") from error
    except ValueError as error:  # a null byte in the name
        raise ValueError(f"{os.fspath(path)!r}: not a path ({error})") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ValueError(f"{path}: a link that leads back to itself; remove it") from error
        raise type(error)(
            f"{path}: cannot be looked at ({error.strerror}); make its directory readable"
        ) from error


def regular_file(path: str | os.PathLike) -> os.stat_result:
    """Status of a file, links followed; anything else is refused without being opened.

    Raises
    ------
    FileNotFoundError, ValueError, OSError
        If it is no file; names the path, what it is and the remedy.
    """
    status = path_status(path)
    if stat.S_ISDIR(status.st_mode):
        raise FileNotFoundError(f"{path}: no such file; that is a directory")
    if not stat.S_ISREG(status.st_mode):
        what = next((text for is_kind, text in OTHER_KINDS if is_kind(status.st_mode)), "no file")
        raise ValueError(
            f"{path}: is {what}; only files can be read, so write what comes from it to a file"
        )
    return status


def file_identity(path: Path, status: os.stat_result) -> tuple[object, ...]:
    """What two paths share if they lead to one file or directory, whatever their spelling."""
    if status.st_ino:
        return status.st_dev, status.st_ino
    return (os.path.realpath(path),)  # a file system that does not number its files
