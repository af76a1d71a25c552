"""What cells really need of each other, by watching one run in order.

Cell j depends on cell i before it if it used what i was the last to change (read after write):

*names*      j looked a name up (functions of the notebook look up their globals when called), and
             i bound it, or was the last to change an object that its value reaches. The value is
             taken as a whole: a version of a variable is what can be sent.
*files*      j opened, listed or ran programs beside a file of the notebook's folder that i wrote.
*random*     j drew from a global generator whose state i left.
*process*    i changed options, parameters, the environment or the like, and j ran with it. These
             are told apart: where the graph replays the statement, no order is needed.

Rules that order cells although neither reads what the other wrote are a set of their own: a file
is written after those before have read or written it, and effects on the outside keep their order.
Variables have versions, so that they need no such rules.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.oracles import objects
from tests.oracles.shells import user_names

Json = dict[str, Any]
# IPython looks at the first word of a line, in case it is a magic.
_LOOKING = ("IPython.core.interactiveshell", "IPython.core.prefilter")
_GENERATORS = ("<random>", "<numpy.random>")


class Names(dict):  # type: ignore[type-arg]
    """The namespace of a notebook; tells which names are looked up and bound.

    Python looks up names in a kind of dict by its own `__getitem__`, in functions too. Looking up
    by code of libraries counts if it is by name (`df.query("x > @y")`), not for history (`_`).
    """

    def __init__(self) -> None:
        super().__init__()
        self.read: dict[str, Any] | None = None  # names looked up, with their values
        self.bound: set[str] = set()

    def _note(self, name: Any, value: Any) -> None:
        if self.read is None or not isinstance(name, str):
            return
        code = sys._getframe(2).f_globals
        if code is not self and (name[:1] == "_" or code.get("__name__") in _LOOKING):
            return
        if name not in self.bound:
            self.read.setdefault(name, value)

    def __getitem__(self, name: str) -> Any:
        value = dict.__getitem__(self, name)
        self._note(name, value)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self.keys():
            return default
        value = dict.__getitem__(self, name)
        self._note(name, value)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        self.bound.add(name)
        dict.__setitem__(self, name, value)

    def __delitem__(self, name: str) -> None:
        self.__getitem__(name)
        self.bound.add(name)
        dict.__delitem__(self, name)

    def copy(self) -> _Copy:
        """For code that looks up names in a copy, as `!echo {name}` does."""
        return _Copy(self)


class _Copy(dict):  # type: ignore[type-arg]
    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self._names = names

    def __getitem__(self, name: str) -> Any:
        value = dict.__getitem__(self, name)
        self._names._note(name, value)
        return value


class _Files:
    """Files below the notebook's folder that code of this process opens, lists or changes."""

    def __init__(self) -> None:
        self.folder = os.path.realpath(os.getcwd())
        self.read: set[str] | None = None
        self.programs = False
        self.content = self._look()
        sys.addaudithook(self._hear)

    def _look(self) -> dict[str, str]:
        found = {}
        for path in Path(self.folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                found[self._name(path)] = objects.digest(path.read_bytes())
        return found

    def _name(self, path: Any) -> str:
        return os.path.relpath(os.path.realpath(os.fspath(path)), self.folder)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.read is None:
            return
        if event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.fork", "pty.spawn"):
            self.programs = True
        elif event == "sqlite3.connect" or (
            event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike))
        ):
            mode = arguments[1] if len(arguments) > 1 else None
            if not isinstance(mode, str) or not set(mode) & set("wx"):
                self.read.add(self._name(os.fsdecode(arguments[0])))
        elif (
            event in ("os.listdir", "os.scandir", "glob.glob") and arguments[0].__class__ is not int
        ):
            place = self._name(os.fsdecode(arguments[0] or "."))
            self.read.add("/" if place == "." else place + "/")

    def begin(self) -> None:
        self.read, self.programs = set(), False

    def end(self) -> tuple[set[str], set[str]]:
        """Files read and written since."""
        assert self.read is not None
        read, self.read = self.read, None
        before, self.content = self.content, self._look()
        now = self.content
        written = {n for n in {*before, *now} if before.get(n) != now.get(n)}
        if self.programs:
            read |= set(before)
        for place in [n for n in read if n.endswith("/")]:
            listed = "" if place == "/" else place
            read |= {n for n in before if n.startswith(listed)}
        return {n for n in read if n in before}, written


class _Generators:
    """States of the global random generators: who drew, who seeded."""

    def __init__(self) -> None:
        import numpy

        self.drew: set[str] = set()
        self.state = self._look()
        self._start = dict(self.state)
        for module, name in ((random, "<random>"), (numpy.random, "<numpy.random>")):
            for setter in ("seed", "setstate", "set_state"):
                if hasattr(module, setter):
                    setattr(module, setter, self._seeding(getattr(module, setter), name))

    def _seeding(self, real: Any, name: str) -> Any:
        def seed(*args: Any, **keywords: Any) -> Any:
            if self._look()[name] != self.state[name]:
                self.drew.add(name)
            real(*args, **keywords)
            self.state[name] = self._look()[name]

        return seed

    @staticmethod
    def _look() -> dict[str, str]:
        import numpy

        states = (random.getstate(), numpy.random.get_state(legacy=False))
        return dict(zip(_GENERATORS, map(objects.digest, states), strict=True))

    def begin(self) -> None:
        self.drew = set()
        self._start = dict(self.state)

    def end(self) -> tuple[set[str], set[str]]:
        """Generators drawn from before they were seeded, and those that have another state."""
        now = self._look()
        drew = self.drew | {n for n in _GENERATORS if now[n] != self.state[n]}
        seeded_first = {n for n in drew - self.drew if self.state[n] != self._start[n]}
        changed = {n for n in _GENERATORS if now[n] != self._start[n]}
        self.state = now
        return drew - seeded_first, changed


def _process() -> dict[str, str]:
    """Process state that cells set most, by the library that it is of."""
    import matplotlib
    import numpy
    import pandas
    import sklearn

    filters = [tuple(map(str, f)) for f in warnings.filters]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        registered = pandas._config.config._registered_options
        options = {name: str(pandas.get_option(name)) for name in registered}
    return {
        "numpy": repr((numpy.get_printoptions(), numpy.geterr())),
        "pandas": repr(options),
        "matplotlib": objects.digest(dict(matplotlib.rcParams)),
        "sklearn": repr(sklearn.get_config()),
        "": repr((os.getcwd(), sys.path, dict(os.environ), filters)),
    }


def _libraries(value: Any) -> str:
    module = getattr(value, "__name__", "") if hasattr(value, "__path__") else ""
    module = module or getattr(value, "__module__", None) or type(value).__module__
    return str(module).partition(".")[0]


def run_traced(made: Any, cells: Sequence[tuple[str, Sequence[str]]]) -> list[Json]:
    """For each cell the earlier ones it depends on, by kind, and the ones that rules order."""
    return list(_traced(made, cells))


def _traced(made: Any, cells: Sequence[tuple[str, Sequence[str]]]) -> Iterator[Json]:
    names: Names = made.user_ns
    files, generators = _Files(), _Generators()
    binder: dict[str, int] = {}
    changer: dict[int, int] = {}
    writer: dict[str, int] = {}
    readers: dict[str, set[int]] = {}
    left: dict[str, int] = {}  # who left a generator's state
    set_by: dict[str, int] = {}
    outside: int | None = None
    # What libraries had made before is not new when a name reaches it for the first time.
    existing = set(map(id, gc.get_objects()))
    before = objects.Snapshot(_watched(made))
    process = _process()
    for number, (source, tags) in enumerate(cells):
        made.shown = []
        names.read, names.bound = {}, set()
        files.begin()
        generators.begin()
        result = made.run_cell(source, store_history=True)
        read, names.read = names.read, None
        files_read, files_written = files.end()
        drawn, state_changed = generators.end()
        after = objects.Snapshot(_watched(made))

        needs: dict[int, set[str]] = {}
        touched: set[int] = set()
        for name, value in read.items():
            if name in before.bound and before.bound[name] is value:
                touched |= before.reached(name)
                if name in binder:
                    needs.setdefault(binder[name], set()).add(name)
                for key in before.reached(name):
                    if key in changer:
                        needs.setdefault(changer[key], set()).add(name)
        for name in drawn & left.keys():
            needs.setdefault(left[name], set()).add(name)
        for name in files_read & writer.keys():
            needs.setdefault(writer[name], set()).add(f"<file {name}>")
        used = {_libraries(value) for value in read.values()} | {""}
        ran_with = sorted({set_by[name] for name in used & set_by.keys()})

        rules: set[int] = set()
        for name in files_written:
            rules |= readers.pop(name, set()) | {writer[name]} if name in writer else set()
            rules |= readers.pop(name, set())
            writer[name] = number
        for name in files_read:
            readers.setdefault(name, set()).add(number)
        if files_written or files.programs:
            if outside is not None:
                rules.add(outside)
            outside = number

        for name, value in after.bound.items():
            if name in names.bound or before.bound.get(name, made) is not value:
                binder[name] = number
        for key in after.changed(before) | (touched & after.opaque):
            if key in before.own or key not in existing:
                changer[key] = number
        for name in state_changed:
            left[name] = number
        now = _process()
        for name in now:
            if now[name] != process[name]:
                set_by[name] = number
        before, process = after, now
        yield {
            "needs": {str(i): sorted(words) for i, words in sorted(needs.items())},
            "process": ran_with,
            "rules": sorted(rules - {number}),
            "ok": bool(result.success),
            "outputs": made.shown,
        }
        if not result.success and "raises-exception" not in tags:
            return


def _watched(made: Any) -> dict[str, Any]:
    """The notebook's names, and the history of what it displayed."""
    history = {n: v for n, v in dict.items(made.user_ns) if n in ("_", "__", "___", "Out")}
    return {**user_names(made), **history}
