"""What a provider is: it starts, finds again, watches and ends workers, and never sees code."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class ProviderFault(Exception):
    """A worker could not be started; the text says why and what to do."""


class NoAnswer(ProviderFault):
    """A platform did not answer: what it was asked for may be done, now or in a while."""


@dataclass(frozen=True)
class Target:
    """A named place where cells can run, as settings or discovery describe it."""

    name: str
    kind: str
    settings: dict[str, Any] = field(default_factory=dict)
    fault: str | None = None
    """What is wrong with its settings, in words, where nothing can run there for that."""

    @property
    def slots(self) -> int | None:
        """Cells that one worker runs at once; None leaves it to the provider."""
        return self.settings.get("slots")

    @property
    def workers(self) -> int:
        """Workers that may be there at once."""
        return int(self.settings.get("workers", 1))

    @property
    def strict(self) -> bool:
        """Whether `workers` counts those of all environments and options together."""
        return self.kind not in ("local", "kernel")

    @property
    def shares_store(self) -> bool:
        """Whether workers read and write the store's folder itself instead of the link."""
        return bool(self.settings.get("shared", self.kind == "local"))

    @property
    def costly(self) -> bool:
        """Whether its use costs money or quota, so that the first run there asks."""
        return bool(self.settings.get("costly", False))

    @property
    def shares_folder(self) -> bool:
        """Whether workers see the notebook's folder and the rest of this machine's files."""
        return bool(self.settings.get("shares_folder", self.kind in ("local", "kernel")))

    @property
    def files_count(self) -> int:
        """Files that may travel with one cell, and as many back, where it shares no folder."""
        return int(self.settings.get("files_count", 10_000))

    @property
    def files_size(self) -> int:
        """Bytes of all these files."""
        return int(self.settings.get("files_size", 4 << 30))

    @property
    def values_size(self) -> int | None:
        """Bytes of all values that one cell may leave; None: as many as the store has room for."""
        return self.settings.get("values_size")

    @property
    def keeps(self) -> int:
        """Bytes of values and files that a worker which shares no store keeps for later cells."""
        return int(self.settings.get("keeps", 10 << 30))

    @property
    def python(self) -> str | None:
        """The interpreter of its workers; None for that of the notebook's kernelspec."""
        return self.settings.get("python")

    @property
    def idle(self) -> float:
        """Seconds after which a worker without work ends."""
        return float(self.settings.get("idle", 600))

    @property
    def start_limit(self) -> float:
        """Seconds after which a worker that has not dialled in is given up."""
        return float(self.settings.get("start_limit", 120 if self.kind == "local" else 1800))


@dataclass(frozen=True)
class WorkerOrder:
    """Everything a provider needs to start a worker; the config file holds its secret."""

    worker: str
    target: Target
    config: Path
    """The worker's configuration, readable by its owner only."""
    zipapp: Path
    python: str
    """Interpreter of the notebook's kernelspec, for targets that share it."""
    env: dict[str, str]
    cwd: str
    options: dict[str, Any] = field(default_factory=dict)
    """What the cells ask of their worker (`Provider.worker_options`)."""


@dataclass(frozen=True)
class Usable:
    """Whether this user may use a target now, and why not."""

    usable: bool
    why: str | None = None
    again: bool = False
    """It does not answer: it may in a moment."""

    @property
    def possible(self) -> bool:
        """Nothing is known that speaks against it."""
        return self.usable or self.again


@dataclass(frozen=True)
class Ended:
    """How a worker ended, in words."""

    why: str
    again: bool = False
    """It was no fault of what was asked: where it had not begun, another one may fare better."""


class Provider(Protocol):
    """Starts and ends workers for one kind of target (entry points: jupyterlab_dossier.providers).

    Every method may be called again after a restart of the server; a handle is plain JSON that is
    all a provider needs to find its worker again.
    """

    kind: str
    settings: Collection[str]
    """Of its targets, besides those that targets of every kind have."""

    def options(self, target: Target) -> dict[str, Any]:
        """JSON schema of the options a cell may give; a property's `default` is the target's own.

        The form shows the properties in their order: first those without `x-group`, then the
        groups, folded, under these titles. `x-words` says after "must be" what a pattern wants.
        """
        ...

    def worker_options(self, target: Target, asked: dict[str, Any]) -> dict[str, Any]:
        """Those of a cell's options that its worker is started with; cells of equal ones share."""
        ...

    def default_slots(self, target: Target) -> int:
        """Cells that one worker runs at once where the target does not say."""
        ...

    def time_limit(self, target: Target, asked: dict[str, Any]) -> float | None:
        """Seconds that a worker lives at most, whatever it runs; None: as long as it is needed."""
        ...

    def interpreter(self, target: Target, python: str) -> str | None:
        """The interpreter that its workers run in, where it is one of this machine.

        `python` is that of the notebook's kernelspec. None: only a worker can be asked.
        """
        ...

    async def check(self, target: Target) -> Usable:
        """Whether this user may use the target now."""
        ...

    async def face(self, target: Target) -> str | None:
        """The address of this machine as its workers' network sees it; None: they run here."""
        ...

    def plan(self, order: WorkerOrder) -> dict[str, Any] | None:
        """The handle where it is known before the start.

        The engine keeps it before it calls `start`, and ends what it names where `start` fails.
        """
        ...

    async def start(self, order: WorkerOrder) -> dict[str, Any]:
        """Starts a worker and returns its handle. Raises `ProviderFault`."""
        ...

    async def wait(self, handle: dict[str, Any], tell: Callable[[str], bool]) -> Ended:
        """Returns when the worker is no more, or will never be; at once if it is not there.

        Until it has dialled in, `tell` is called with what its platform says of it; it answers
        whether more is of use, which it is not once the worker has.
        """
        ...

    async def end(self, handle: dict[str, Any]) -> None:
        """Ends the worker whether it answers or not, and takes away what it left on its platform.

        Nothing happens where it is gone.
        """
        ...

    async def left(self, handle: dict[str, Any]) -> None:
        """Returns once a worker that has ended takes no room on its platform any more.

        The engine waits a while for it before it starts another in its place.
        """
        ...

    async def moved(self, handle: dict[str, Any], config: Path) -> None:
        """The server's address in the worker's configuration has changed: the worker is told."""
        ...

    async def logs(self, handle: dict[str, Any]) -> str:
        """The last of what the worker and its platform say of it."""
        ...

    async def close(self) -> None:
        """The engine ends: connections are given up, workers are not."""
        ...
