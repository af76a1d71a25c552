"""Export of several variables: each a pickle of its own, each object in exactly one of them."""

from __future__ import annotations

import contextlib
import hashlib
import types
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import arrays, definitions, describe, sharing, unshippable
from .errors import Cycle, Unshippable
from .pickler import ValuePickler
from .registry import Held, Manifest, Registry
from .unpickler import ValueUnpickler

if TYPE_CHECKING:
    from ..blobs import BlobFolder


class _Variable:
    """A variable of this export, before it has a version."""

    def __init__(self, name: str, root: Any) -> None:
        self.name = name
        self.root = root
        self.state = "waiting"  # then: pickling, inline (within another one), done


class Export:
    def __init__(
        self,
        namespace: dict[str, Any],
        roots: dict[str, Any],
        registry: Registry,
        blobs: BlobFolder,
        new_version: Callable[[str], str],
        trusted: set[type],
    ) -> None:
        self.manifests: list[Manifest] = []
        self._namespace = namespace
        self._roots = roots
        self._registry = registry
        self._blobs = blobs
        self._new_version = new_version
        self._trusted = trusted
        self._variables: dict[str, _Variable] = {}

    def run(self, names: Iterable[str]) -> list[Manifest]:
        """Export the variables; what cannot be shipped gets a manifest that says why."""
        for name in sorted(names, key=lambda n: _rank(self._roots[n])):
            self._add(name, self._roots[name])
        try:
            for variable in list(self._variables.values()):
                if variable.state != "done":
                    for other in self._variables.values():
                        if other.state == "inline":
                            other.state = "waiting"
                    self._attempt(variable)
        finally:
            self._withdraw()
        return self.manifests

    def _add(self, name: str, root: Any) -> _Variable:
        variable = self._variables[name] = _Variable(name, root)
        known = self._registry.known
        if not sharing.is_atom(root) and not _by_name(root) and id(root) not in known:
            known[id(root)] = variable
        return variable

    def _withdraw(self) -> None:
        known = self._registry.known
        for variable in self._variables.values():
            if known.get(id(variable.root)) is variable:
                del known[id(variable.root)]

    def _attempt(self, variable: _Variable) -> None:
        """Export one variable, after those that it reaches."""
        variable.state = "pickling"
        try:
            pickler = self._pickle(variable)
            manifest = self._store(variable, pickler)
        except Unshippable as error:
            manifest = self._refused(variable, error)
            # Whoever reaches it finds out for himself, and says it by his own name.
            if self._registry.known.get(id(variable.root)) is variable:
                del self._registry.known[id(variable.root)]
        except BaseException:
            variable.state = "inline"
            raise
        variable.state = "done"
        self.manifests.append(manifest)

    def _pickle(self, variable: _Variable) -> ValuePickler:
        """Pickle until nothing was postponed; then each object belongs to one version only."""
        while True:
            later: dict[str, _Variable] = {}

            def postponed(other: Any, later: dict[str, _Variable] = later) -> bool:
                if other.state == "pickling":
                    raise Cycle(other.name)
                if other.state == "inline":
                    return False
                later[other.name] = other
                return True

            def implied(definition: Any) -> bool:
                if definition is variable.root:
                    return False
                other = self._as_variable(definition)
                return other is not None and postponed(other)

            pickler = ValuePickler(
                self._namespace, self._registry, variable.root, postponed, implied
            )
            try:
                pickler.run(variable.root)
            except Unshippable:
                # In what is exported first there may be the better reason, but not for this one.
                if not later:
                    raise
            if not later:
                return pickler
            for other in later.values():
                if other.state == "waiting":
                    with contextlib.suppress(Cycle):  # then it goes into this pickle
                        self._attempt(other)

    def _as_variable(self, definition: Any) -> _Variable | None:
        """The variable that a class or function of the notebook is bound to, if it is."""
        name = getattr(definition, "__qualname__", "")
        if self._namespace.get(name) is not definition or definitions.importable(definition):
            return None
        found = self._variables.get(name)
        if found is not None:
            return found if found.root is definition and found.state != "done" else None
        return self._add(name, definition)

    def _store(self, variable: _Variable, pickler: ValuePickler) -> Manifest:
        views = [buffer.raw() for buffer in pickler.buffers]
        data = pickler.file.getbuffer()
        self._try(variable, pickler, data, views)
        buffers = [{"blob": self._blobs.write(view), "size": view.nbytes} for view in views]
        manifest: Manifest = {
            "version": self._new_version(variable.name),
            "name": variable.name,
            "type": describe.type_name(variable.root),
            "summary": describe.summary(variable.root),
            "size": data.nbytes + sum(view.nbytes for view in views),
            "pickle": {"blob": self._blobs.write(data), "size": data.nbytes},
            "buffers": buffers,
            "deps": [dep.version for dep in pickler.deps],
        }
        digest = hashlib.sha256(manifest["pickle"]["blob"].encode())
        for part in (*(b["blob"] for b in buffers), *(d.manifest["digest"] for d in pickler.deps)):
            digest.update(b"\0" + part.encode())
        manifest["digest"] = digest.hexdigest()
        objects, frame_memory = sharing.select(pickler.numbered(), variable.root, pickled=True)
        index = next((i for i, obj in objects.items() if obj is variable.root), None)
        if self._registry.known.get(id(variable.root)) is variable:
            del self._registry.known[id(variable.root)]
        held = Held(manifest, variable.root, index, objects, pickler.deps,
                    sharing.is_named_definition(variable.root),
                    arrays.spans(self._blobs, manifest, views, loaded=False))  # fmt: skip
        self._registry.add(held, frame_memory)
        return manifest

    def _try(
        self, variable: _Variable, pickler: ValuePickler, data: memoryview, views: list[memoryview]
    ) -> None:
        """Load what was pickled if it holds objects of types that never were loaded here."""
        doubtful = pickler.untrusted - self._trusted
        if not doubtful:
            return
        try:
            ValueUnpickler(data, views, pickler.deps, self._namespace).load()
        except Exception as error:
            names = ", ".join(sorted(describe.class_name(cls) for cls in doubtful))
            raise Unshippable(
                f"can be pickled but not loaded again ({names}): {type(error).__name__}: {error}"
            ) from error
        self._trusted.update(cls for cls in doubtful if cls.__module__ != "__main__")

    def _refused(self, variable: _Variable, error: Unshippable) -> Manifest:
        path: str | None = variable.name
        if error.culprit is not None and error.culprit is not variable.root:
            path = unshippable.path_to(error.culprit, variable.root, variable.name)
        if path is None:
            what = describe.type_name(error.culprit)
            reason = f"`{variable.name}` holds a {what} that {error.what}"
        else:
            reason = f"`{path}` {error.what}"
        return {
            "version": self._new_version(variable.name),
            "name": variable.name,
            "type": describe.type_name(variable.root),
            "unshippable": reason,
        }


def _by_name(root: Any) -> bool:
    definition = isinstance(root, (type, types.FunctionType)) and definitions.importable(root)
    return definition or isinstance(root, (types.ModuleType, types.BuiltinFunctionType))


def _rank(root: Any) -> int:
    """Definitions and owners of memory first: they are what others refer to."""
    if definitions.is_definition(root):
        return 0
    if type(root).__name__ in ("ndarray", "memmap", "matrix", "recarray"):
        return 1 if root.base is None else 2
    if describe.type_name(root).startswith("pandas."):
        return 3
    return 4
