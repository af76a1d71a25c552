"""Real Unix users, made for a test, and programs that run as them."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

_TOOLS = ("useradd", "userdel", "groupadd", "groupdel", "setpriv", "unshare")


@dataclass
class User:
    """A user with a home that everybody may enter, as homes often are."""

    name: str
    home: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def dossier(self) -> Path:
        return self.home / "data" / "dossier"

    def command(self, argv: Sequence[str]) -> list[str]:
        """What runs a program as this user."""
        switch = ["setpriv", f"--reuid={self.name}", f"--regid={self.name}", "--init-groups", *argv]
        closed = _closed_folder()
        if closed is None:
            return switch
        # The interpreter stands where others cannot go: it is shown to them, and nothing beside it.
        top = closed / Path(sys.base_prefix).relative_to(closed).parts[0]
        script = (
            'hold=$(mktemp -d) && mount --bind "$1" "$hold"'
            ' && mount -t tmpfs -o mode=0755 none "$2" && mkdir -p "$1"'
            ' && mount --move "$hold" "$1" && rmdir "$hold" && shift 2 && exec "$@"'
        )
        apart = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
        return [*apart, str(top), str(closed), *switch]

    def start(self, argv: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """As the most careless user there is: what is made is open to all unless it says so."""
        return subprocess.Popen(
            self.command(argv), env=self.env, umask=0, start_new_session=True, **options
        )

    def run(
        self, *argv: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(argv), env={**self.env, **(env or {})}, umask=0, cwd=self.home,
            capture_output=True, text=True, timeout=100,
        )  # fmt: skip

    def make(self, folder: Path, mode: int) -> Path:
        """A folder of this user's."""
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
        shutil.chown(folder, self.name, self.name)
        return folder


@dataclass
class Together:
    """Two users and the folder that they share."""

    first: User
    second: User
    shared: Path
    temporary: Path


@contextlib.contextmanager
def two_users() -> Iterator[Together]:
    """Skips the test where users cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("only root can make users, and run servers as them")
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{missing[0]} is needed to run servers as other users")
    group = f"dossier{secrets.token_hex(4)}"
    names = [f"{group}{letter}" for letter in "ab"]
    # Not below pytest's folders, which are for their owner only.
    base = Path(tempfile.mkdtemp(prefix="users-"))
    try:
        subprocess.run(["groupadd", "--system", group], check=True)
        for name in names:
            command = ["useradd", "--system", "--no-create-home", "--user-group", "--groups", group]
            subprocess.run([*command, name], check=True)
        base.chmod(0o755)
        shared, temporary = base / "shared", base / "tmp"
        shared.mkdir()
        shutil.chown(shared, group=group)
        shared.chmod(0o2775)
        temporary.mkdir()
        temporary.chmod(0o1777)
        users = [_user(name, base / name, temporary) for name in names]
        can = users[0].run(sys.executable, "-c", "import jupyterlab_dossier")
        if can.returncode != 0:
            pytest.skip(f"another user cannot run {sys.executable}: {can.stderr.strip()[-200:]}")
        yield Together(*users, shared, temporary)
    finally:
        for name in names:
            # Workers outlive a server on purpose, for the next one to take up.
            _end_processes(name)
            subprocess.run(["userdel", name], check=False, capture_output=True)
        subprocess.run(["groupdel", group], check=False, capture_output=True)
        shutil.rmtree(base, ignore_errors=True)


def _end_processes(name: str) -> None:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.username() == name:
                process.kill()
                process.wait(10)


def _user(name: str, home: Path, temporary: Path) -> User:
    user = User(name, home)
    user.make(home, 0o755)
    user.make(home / "data", 0o755)
    folders = {f"JUPYTER_{kind.upper()}_DIR": home / kind for kind in ("data", "config", "runtime")}
    user.env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "PYTHONDONTWRITEBYTECODE": "1",
        **{variable: str(folder) for variable, folder in folders.items()},
    }
    return user


def _closed_folder() -> Path | None:
    """The outermost folder above the interpreter that only its owner can enter."""
    above = reversed(Path(sys.base_prefix).parents)
    return next((folder for folder in above if not folder.stat().st_mode & 0o001), None)
