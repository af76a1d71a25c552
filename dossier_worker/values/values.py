"""The variables of one kernel: what others get from it and what it gets from others."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import arrays, figures, sharing
from .errors import LoadError, Stopped
from .export import Export
from .progress import Told
from .registry import Held, Manifest, Registry, collector_paused
from .unpickler import ValueUnpickler

if TYPE_CHECKING:
    from ..blobs import BlobFolder

RANDOM = "<random>"
NUMPY_RANDOM = "<numpy.random>"
EVERYTHING = "*"
_MAP_FROM = 1024 * 1024


class Values:
    """Exports and loads variables of a namespace; one per kernel."""

    def __init__(self, namespace: dict[str, Any], blobs: BlobFolder) -> None:
        self._namespace = namespace
        self._blobs = blobs
        self._registry = Registry()
        self._names: dict[str, str] = {}
        # Classes and functions that came along with others, under names nobody asked for.
        self._implied: set[str] = set()
        self._trusted: set[type] = set()
        # Versions that exist here only. Their objects are not held: `del f` must close the file.
        self._unmoved: set[str] = set()
        self._clean = dict(namespace)
        self._told: Told | None = None

    def load(
        self,
        inputs: Mapping[str, str],
        manifests: Mapping[str, Manifest],
        told: Told | None = None,
    ) -> None:
        """Bind names (name -> version). Objects that are here already are used again.

        `told` hears of bytes as they are loaded. Raises LoadError, or what `told` raises; then no
        name was bound.
        """
        self._registry.refresh_singletons(self._namespace)
        self._told = told
        alive: list[Any] = []  # until they are bound, nobody else holds what is held weakly
        try:
            with collector_paused():
                loaded = {
                    name: self._obtain(name, version, manifests, alive)
                    for name, version in inputs.items()
                    if not self._stays(name, version)
                }
            if told:
                told(0)
        except (LoadError, Stopped):
            self._registry.sweep(self._live())
            raise
        except BaseException:
            self._registry.clear()  # it may have been about to note something
            raise
        finally:
            self._told = None
        for name, held in loaded.items():
            if name.startswith("<"):
                _set_state(name, held.root())
            else:
                self._namespace[name] = held.root()
                self._implied.discard(name)
            self._names[name] = held.version
        self._bind_definitions(loaded)
        self._registry.sweep(self._live())

    def export(
        self,
        names: Iterable[str],
        new_version: Callable[[str], str],
        mutated: Collection[str] = (),
    ) -> list[Manifest]:
        """New versions of variables. `mutated`: names whose objects may have changed in place
        since they were loaded or exported ("*" for all of them). Unbound names are left out.

        The answer also has the notebook's classes and functions that these variables need and
        that had no version yet. A manifest comes after those it depends on.
        """
        if EVERYTHING in mutated:
            self._registry.clear()
        else:
            self._drop_changed(mutated)
        self._registry.refresh_singletons(self._namespace)
        space: dict[str, Any] = {}
        for name in names:
            if name.startswith("<"):
                space[name] = _get_state(name)
            elif name in self._namespace:
                space[name] = self._namespace[name]
        export = Export(
            self._namespace, space, self._registry, self._blobs, new_version, self._trusted
        )
        with collector_paused():
            manifests = export.run(space)
        for manifest in manifests:
            self._names[manifest["name"]] = manifest["version"]
            if "unshippable" in manifest:
                self._unmoved.add(manifest["version"])
        self._registry.sweep(self._live())
        return manifests

    def keep(self, names: Iterable[str], changed: Collection[str]) -> set[str]:
        """Which of these unchanged variables are what their versions say, though others changed.

        One that shares objects with what changed is not: it has to go along, lest the two hold
        different objects in another kernel.
        """
        self._drop_changed(changed)
        present = self.present()
        return {name for name in names if name in present}

    def forget(self, names: Iterable[str]) -> None:
        """Drop variables, and what is known of their objects (a failed cell may have changed
        them)."""
        names = list(names)
        self._drop_changed(names)
        for name in names:
            self._names.pop(name, None)
            self._implied.discard(name)
            self._namespace.pop(name, None)

    def _drop_changed(self, names: Collection[str]) -> None:
        present = self.present()
        unchanged = {version for name, version in present.items() if name not in names}
        changed = [self._names[name] for name in names if name in self._names]
        self._registry.drop_changed(changed, unchanged)

    def reset(self) -> None:
        """A namespace as it was at the start; modules stay imported."""
        self._registry.clear()
        self._names.clear()
        self._unmoved.clear()
        self._implied.clear()
        self._trusted.clear()
        self._namespace.clear()
        self._namespace.update(self._clean)

    def present(self) -> dict[str, str]:
        """name -> version of the variables that still are what they were loaded or exported as."""
        found = {}
        for name, version in self._names.items():
            held = self._registry.versions.get(version)
            if held is None:
                continue
            # A state of random numbers goes on with each number drawn.
            if not name.startswith("<") and self._namespace.get(name, self) is held.root():
                found[name] = version
        return found

    def versions(self) -> dict[str, Held]:
        """name -> the version held here that it still is bound to, with its objects."""
        return {name: self._registry.versions[version] for name, version in self.present().items()}

    def blobs(self) -> list[str]:
        """Those that say what memory here was when it was loaded or stored."""
        held = self._registry.versions.values()
        return sorted({span.path.name for one in held for span in one.memory})

    @property
    def folder(self) -> str:
        """Where the blobs are."""
        return str(self._blobs.folder)

    def _stays(self, name: str, version: str) -> bool:
        """Whether the name is bound to just this version, which cannot leave this kernel."""
        here = version in self._unmoved and self._names.get(name) == version
        return here and name in self._namespace

    def _live(self) -> list[str]:
        return list(self.present().values())

    def _obtain(
        self, name: str, version: str, manifests: Mapping[str, Manifest], alive: list[Any]
    ) -> Held:
        """The version, loaded with all that it depends on, dependencies first."""
        todo = [version]
        waiting: set[str] = set()
        while todo:
            current = todo[-1]
            if current in self._registry.versions:
                todo.pop()
                continue
            manifest = manifests.get(current)
            if manifest is None:
                raise LoadError(name, "?", f"nothing is known of version {current!r}")
            if "unshippable" in manifest:
                raise LoadError(manifest["name"], manifest["type"], manifest["unshippable"])
            missing = [dep for dep in manifest["deps"] if dep not in self._registry.versions]
            if missing:
                waiting.add(current)
                if not waiting.isdisjoint(missing):
                    raise LoadError(name, manifest["type"], "versions depend on each other")
                todo.extend(missing)
                continue
            alive.append(self._load(manifest))
            todo.pop()
        held = self._registry.versions[version]
        alive.append(held.root())
        return held

    def _load(self, manifest: Manifest) -> Any:
        deps = [self._registry.versions[dep] for dep in manifest["deps"]]
        try:
            data = self._blobs.map(manifest["pickle"]["blob"], manifest["pickle"]["size"])
            buffers = []
            for buffer in manifest["buffers"]:
                buffers.append(self._buffer(buffer["blob"], buffer["size"]))
                if self._told:
                    self._told(buffer["size"])
        except FileNotFoundError:
            raise self._failed(manifest, "its data is not in the store") from None
        except (OSError, ValueError) as error:
            raise self._failed(manifest, f"its data cannot be read: {error}") from error
        unpickler = ValueUnpickler(data, buffers, deps, self._namespace, self._told)
        try:
            root = unpickler.load()
        except ModuleNotFoundError as error:
            words = f"the module {error.name!r} is not installed here"
            raise self._failed(manifest, words) from error
        except Exception as error:
            raise self._failed(manifest, f"{type(error).__name__}: {error}") from error
        objects, frame_memory = sharing.select(unpickler.numbered(), root, pickled=False)
        index = next((i for i, obj in objects.items() if obj is root), None)
        memory = arrays.spans(self._blobs, manifest, buffers, loaded=True)
        definition = sharing.is_named_definition(root)
        held = Held(manifest, root, index, objects, deps, definition, memory)
        self._registry.add(held, frame_memory)
        figures.settle(objects.values())
        return root

    def _buffer(self, blob: str, size: int) -> Any:
        mapped = self._blobs.map(blob, size)
        if size >= _MAP_FROM or isinstance(mapped, bytes):
            return mapped
        # Each mapping holds an open file, and a frame may have a thousand columns.
        with mapped:
            return bytearray(mapped)

    def _failed(self, manifest: Manifest, reason: str) -> LoadError:
        return LoadError(manifest["name"], manifest["type"], reason)

    def _bind_definitions(self, loaded: Mapping[str, Held]) -> None:
        """Bind classes and functions that came as dependencies: pickle, joblib and the like look
        them up in `__main__`."""
        todo = [dep for held in loaded.values() for dep in held.deps]
        seen: set[int] = set()
        while todo:
            held = todo.pop()
            if held.serial in seen:
                continue
            seen.add(held.serial)
            todo.extend(held.deps)
            name = str(held.manifest["name"])
            if not held.definition or name in loaded:
                continue
            if name not in self._namespace or name in self._implied:
                self._namespace[name] = held.root()
                self._names[name] = held.version
                self._implied.add(name)


def _get_state(name: str) -> Any:
    if name == RANDOM:
        return random.getstate()
    if name == NUMPY_RANDOM:
        numpy = sys.modules.get("numpy")
        return None if numpy is None else numpy.random.get_state(legacy=False)
    raise ValueError(f"{name} is not a value")


def _set_state(name: str, state: Any) -> None:
    if name == RANDOM:
        random.setstate(state)
    elif name == NUMPY_RANDOM and state is not None:
        import numpy.random

        numpy.random.set_state(state)
