"""What the engine knows of a worker and of its worker kernels."""

from __future__ import annotations

import asyncio
import functools
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from ...targets import Target
from ..model import Json
from .comms import Comms
from .workerlink import Connection


class Lost(Exception):
    """A worker, or a worker kernel, ended before a result; the text says how."""

    def __init__(self, why: str, worker: bool) -> None:
        super().__init__(why)
        self.worker = worker


@dataclass(frozen=True)
class Recipe:
    """What makes two workers interchangeable."""

    target: str
    python: str
    argv: tuple[str, ...] | None
    env: tuple[tuple[str, str], ...]
    preload: tuple[str, ...] = ()
    options: str = ""
    """What its target is asked for a worker, as JSON (`Provider.worker_options`)."""

    def of_cell(self, asked: Json) -> Json:
        """Of a cell's options those that are not its worker's."""
        wanted = json.loads(self.options or "{}")
        return {name: value for name, value in asked.items() if name not in wanted}

    @functools.cached_property
    def place(self) -> str:
        """Its target, and what a worker is asked beyond the target's own, for the user."""
        wanted = json.loads(self.options or "{}")
        more = ", ".join(f"{name} {value}" for name, value in wanted.items())
        return f"{self.target} with {more}" if more else self.target

    @functools.cached_property
    def key(self) -> str:
        """The recipe as the ledger keeps it."""
        return json.dumps(asdict(self), sort_keys=True)


class Keeper(NamedTuple):
    """Who asks for a worker, and keeps worker kernels itself."""

    keeps: Callable[[Kernel], bool]
    until: str
    """How long it keeps them, in words."""


@dataclass
class Kernel:
    """A worker kernel as the engine knows it: the set-up it has been through, and its use."""

    id: str
    worker: Worker
    fresh: bool = True
    """Its worker has to make it for the next cell."""
    sent: bool = False
    """Its worker was sent a cell for it, and may have made it."""
    prefix: list[str] = field(default_factory=list)
    ahead: set[str] = field(default_factory=set)
    """What it had imported before which statement of its set-up."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    kept: str | None = None
    """Why it may not be given up: values or process state that live only there."""
    dead: bool = False
    comms: Comms = field(default_factory=Comms)

    def end(self, why: str) -> None:
        """It is gone, and what lived in it."""
        self.dead = True
        self.comms.end(why)


@dataclass
class Worker:
    """A process on a target that hosts worker kernels."""

    id: str
    target: Target
    recipe: str
    slots: int
    handle: Json | None = None
    connection: Connection | None = None
    limit: float | None = None
    """Seconds that it lives at most (`Provider.time_limit`)."""
    began: float = field(default_factory=time.time)
    used: bool = False
    """A cell has had it."""
    busy: int = 0
    kernels: dict[str, Kernel] = field(default_factory=dict)
    clean: list[Kernel] = field(default_factory=list)
    ended: str | None = None
    again: bool = False
    """It ended by no fault of what was asked (`Ended.again`)."""
    unanswered: bool = False
    """It was not started as its platform did not answer (`NoAnswer`)."""
    leaving: bool = False
    """It said that it ends: it takes no more cells."""
    phase: str | None = None
    """What its platform says of it until it has dialled in."""
    idle: asyncio.TimerHandle | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    uncalled: bool = False
    """Its platform may not know yet where we are now."""
    doomed: list[str] = field(default_factory=list)
    """Kernels that were ended while it was cut off: it is told when it is linked again."""
    untold: list[str] = field(default_factory=list)
    """Attempts whose results are here, which it could not be told yet."""
    known: dict[str, str] = field(default_factory=dict)
    """Attempts the worker said it knows, at its last hello."""

    @functools.cached_property
    def made_by(self) -> Recipe:
        """Its recipe, of which it has the key."""
        return Recipe(**json.loads(self.recipe))

    @functools.cached_property
    def seconds_idle(self) -> float:
        """How long it is kept without work."""
        options = json.loads(self.made_by.options or "{}")
        return float(options.get("idle", self.target.idle))

    @property
    def spent(self) -> bool:
        """A cell that comes now would have less than half of its time limit left."""
        return self.used and self.limit is not None and time.time() - self.began > self.limit / 2

    @property
    def open(self) -> bool:
        """It takes another cell."""
        return self.busy < self.slots and not (self.leaving or self.ended or self.spent)

    def kernel(self) -> Kernel:
        """A new worker kernel, made by the worker at its first cell."""
        kernel = Kernel(secrets.token_hex(6), self)
        self.kernels[kernel.id] = kernel
        return kernel
