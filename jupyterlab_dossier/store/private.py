"""Folders and files that their owner alone can look into, whatever the umask says."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class NotPrivate(Exception):
    """Other users could look into it, and that cannot be changed; the text says why."""


def private_folder(folder: Path) -> Path:
    """Makes a folder for its owner only, or makes it so. Raises `NotPrivate` and `OSError`."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True, mode=stat.S_IRWXU)
    _close(folder, stat.S_IRWXU)
    return folder


def private_file(path: Path) -> Path:
    """Makes an empty file for its owner only, or makes it so. Raises `NotPrivate` and `OSError`."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, stat.S_IRUSR | stat.S_IWUSR))
    _close(path, stat.S_IRUSR | stat.S_IWUSR)
    return path


def _close(path: Path, mode: int) -> None:
    if os.name == "nt":
        return  # there, a user's own folders are
    found = path.stat()
    if found.st_uid != os.geteuid() and os.geteuid() != 0:
        raise NotPrivate(
            f"{path} belongs to another user, who could read what is put there:"
            " set JUPYTER_DATA_DIR to a folder of your own"
        )
    if found.st_mode & _OTHERS:
        path.chmod(mode)
        if path.stat().st_mode & _OTHERS:
            raise NotPrivate(
                f"other users can read {path}, and its file system does not let that be changed:"
                " set JUPYTER_DATA_DIR to a folder on another one"
            )
