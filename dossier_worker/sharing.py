"""Whether the server and a worker elsewhere have the same store before them, on a shared volume.

The server leaves a mark in the store's folder before the worker starts; the worker finds it there
and takes it away: it reads and writes the very folder, then.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def leave_mark(folder: Path, worker: str) -> None:
    """By the server, where the worker is about to be started.

    Of a worker that never comes it stays, until the store is swept.
    """
    os.close(os.open(_mark(folder, worker), os.O_CREAT | os.O_WRONLY, 0o600))


def fault(folder: Path, worker: str) -> str | None:
    """By the worker: why it does not share the server's store, in words for the user."""
    try:
        if not folder.exists():
            return (
                f"the server's store {folder} is not there on the worker's machine:"
                " mount the volume with it at the same path"
            )
        _mark(folder, worker).unlink()
    except FileNotFoundError:
        return (
            f"{folder} is there on the worker's machine, but is not the server's store:"
            " mount the same volume at the same path"
        )
    except PermissionError:
        return (
            f"the worker may not use the server's store {folder}: it is for user {_owner(folder)},"
            f" and the worker is user {os.geteuid()}; let it run as the server's user"
        )
    except OSError as error:
        return f"the worker cannot write to the server's store {folder}: {error.strerror}"
    return None


def _owner(folder: Path) -> int | None:
    """Of the first folder on the way down that others may not look into."""
    for part in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            return part.stat().st_uid
    return None


def _mark(folder: Path, worker: str) -> Path:
    return folder / "tmp" / f"{worker}.mark"
