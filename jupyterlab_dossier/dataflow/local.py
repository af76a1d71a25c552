"""Modules of the notebook's folder whose text is known: their functions are walked like its own.

What stands at their top level is state of the process: who changes it is set-up, or sticky.
"""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from .scopes import of_text
from .values import ANY, NO_REGIONS, Frame, Function, Value, plain

if TYPE_CHECKING:
    from .memory import Memory
    from .parts import Parts

_LONGEST = 200_000


class Files:
    """Texts of files in the notebook's folder, and whether they are still what was read."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._stamps: dict[str, tuple[int, int] | None] = {}

    def text(self, path: str) -> str | None:
        self._stamps[path] = self._stamp(path)
        try:
            with open(os.path.join(self.folder, path), encoding="utf-8") as file:
                return file.read(_LONGEST)
        except (OSError, ValueError):
            return None

    def changed(self) -> bool:
        return any(self._stamp(path) != stamp for path, stamp in self._stamps.items())

    def _stamp(self, path: str) -> tuple[int, int] | None:
        try:
            status = os.stat(os.path.join(self.folder, path))
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size


def find(walk: Parts, module: str) -> tuple[str, str] | None:
    """Path and text of a local module, as earlier cells wrote it or as it lies there."""
    state = walk.state
    if state.paths_unclear:
        return None
    stem = module.replace(".", "/")
    for path in (f"{stem}/__init__.py", f"{stem}.py"):
        if path in state.written:
            text = state.written[path]
            return None if text is None else (path, text)
        text = None if state.files is None else state.files.text(path)
        if text is not None:
            return path, text
    return None


def is_hidden(walk: Memory, path: str) -> bool:
    """Is it in a module that a cell wrote, in a way that does not show the text?"""
    stem = path.partition(".")[0]
    written = walk.state.written
    return any(written.get(p, "") is None for p in (f"{stem}.py", f"{stem}/__init__.py"))


def load(walk: Parts, module: str, node: ast.AST) -> None:
    """`import module` for the first time: its body runs."""
    state = walk.state
    if module in state.modules:
        return
    found = find(walk, module)
    if found is None:
        return
    path, text = found
    frame = _enter(walk, module, text, node)
    if frame is not None:
        state.module_files[path] = state.cell


def _enter(walk: Parts, module: str, text: str, node: ast.AST) -> Frame | None:
    """The body of a module runs; its globals are variables of a frame."""
    state = walk.state
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    frame = Frame(of_text(text), None)
    frame.region = walk.heap.new()
    frame.outer = plain(ANY)
    frame.scope.captured = set(frame.scope.locals)
    frame.vars["__name__"] = plain("str")
    frame.vars["__file__"] = plain("str")
    state.modules[module] = frame
    state.changed_objects = True
    before, frames, site = walk.other_effects, walk.frames, walk.site
    walk.frames, walk.site = [frame], walk.where(node)
    walk.importing.append(module)
    walk.run_body(tree.body)
    walk.importing.pop()
    walk.frames, walk.site = frames, site
    walk.heap.process[walk.heap.find(frame.region)] = module
    if walk.other_effects > before:
        walk.process(f"importing `{module}` does more than define", False)
    return frame


def run_file(walk: Parts, path: str, node: ast.AST) -> bool:
    """`%run file.py`: a module of its own, whose names become the notebook's; if it is known."""
    state = walk.state
    text = state.written.get(path)
    if text is None and path not in state.written and state.files and not state.paths_unclear:
        text = state.files.text(path)
    frame = None if text is None else _enter(walk, f"<{path}>", text, node)
    if frame is None:
        return False
    walk.resource(walk.literal_file(path), False, node)
    # Its functions keep globals of their own, which are in this process only.
    walk.process(f"`%run {path}` runs a program", False)
    for name, value in frame.vars.items():
        if not name.startswith("__"):
            walk.bind_global(name, value, node)
    return True


def lookup(walk: Parts, path: str) -> Value | None:
    """`module.name`, as the module has it now."""
    module, _, name = path.rpartition(".")
    frame = walk.state.modules.get(module)
    value = None if frame is None else frame.vars.get(name)
    if value is None:
        return None
    if all(isinstance(t, Function) for t in value.types):
        # A function is code: what it shares with its module, it finds by its frame.
        return Value(NO_REGIONS, value.types)
    return value


def wrote(walk: Memory, path: str, text: str | None) -> None:
    """A cell writes a file: an import after it reads that; who has it already keeps the old one."""
    state = walk.state
    if path.endswith(".py"):
        state.written[path] = text
    loaded = state.module_files.get(path)
    if loaded is not None:
        reason = f"it imports `{path}`, which a later cell writes again"
        walk.facts.needs_kernel_of.setdefault(loaded, reason)


def absolute(walk: Parts, module: str, level: int) -> str:
    """The name of what `from ..module import x` in the module that is being imported means."""
    if not walk.importing:
        return "." * level + module
    here = walk.importing[-1].split(".")
    package = f"{'/'.join(here)}/__init__.py" in walk.state.module_files
    base = here[: len(here) - level + package]
    return ".".join([*base, *([module] if module else [])])
