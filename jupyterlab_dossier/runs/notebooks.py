"""Notebook files: read leniently, normalised as the design says, written whole or not at all."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat

from . import kernelspecs
from .model import BadInput, Cell, Json, Workflow, target_of

METADATA_VERSION = 1


@dataclass
class Notebook:
    """A normalised notebook (nbformat 4.5, every cell with an id of its own)."""

    path: Path
    node: Any
    """The `nbformat.NotebookNode`."""
    digest: str | None
    """SHA-256 of the file as it was read, to notice that it changed meanwhile."""
    notices: list[str] = field(default_factory=list)

    @property
    def code_cells(self) -> list[Any]:
        return [cell for cell in self.node.cells if cell.cell_type == "code"]

    @property
    def kernelspec(self) -> str:
        return str(self.node.metadata.kernelspec.name)


def read(path: Path) -> Notebook:
    """Reads and normalises a notebook file.

    Raises `BadInput` where there is no such file or it is not a notebook of Python.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"no such file: {path}", "path") from None
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}", "path") from None
    try:
        content = json.loads(data)
    except ValueError:
        raise BadInput(f"{path} is not a notebook: it is not JSON", "path") from None
    return normalise(content, path, hashlib.sha256(data).hexdigest())


def id_of(path: Path) -> str | None:
    """The random id in a notebook file's metadata; None where there is none, or no notebook."""
    try:
        found = json.loads(path.read_bytes())["metadata"]["dossier"]["id"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) and found else None


def normalise(content: Any, path: Path, digest: str | None = None) -> Notebook:
    """Upgrades a notebook's JSON to nbformat 4.5 with unique ids; each change is a notice."""
    notices: list[str] = []
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        raise BadInput(f"{path} is not a notebook: it has no nbformat", "content")
    try:
        if content["nbformat"] < 4:
            # Read as text: only then are sources that are lists of lines joined before.
            node = nbformat.reads(json.dumps(content), 4)  # type: ignore[no-untyped-call]
            for cell in node.cells:
                cell.pop("id", None)  # nbformat's are random: ours are the same every time
            notices.append(f"{path.name} was in nbformat {content['nbformat']}: upgraded to 4.5")
        else:
            node = nbformat.from_dict(content)  # type: ignore[no-untyped-call]
        cells = node.cells
        if not isinstance(cells, list):
            raise TypeError
        _name_cells(cells, notices)
        node.nbformat, node.nbformat_minor = 4, max(5, node.nbformat_minor)
        for cell in cells:
            if isinstance(cell.source, list):
                cell.source = "".join(cell.source)
            cell.setdefault("metadata", _node())
            if cell.cell_type == "code":
                cell.setdefault("outputs", [])
                cell.setdefault("execution_count", None)
        node.setdefault("metadata", _node())
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(f"{path} is not a notebook: {error}", "content") from None
    if not isinstance(node.metadata.get("kernelspec"), dict) or not node.metadata.kernelspec.get(
        "name"
    ):
        node.metadata.kernelspec = _node(name="python3", display_name="Python 3", language="python")
        notices.append("the notebook names no kernelspec: python3 is taken")
    # nbformat wants one, and a kernelspec is known without.
    node.metadata.kernelspec.setdefault("display_name", node.metadata.kernelspec.name)
    _check_metadata(node)
    return Notebook(path, node, digest, notices)


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"


def _name_cells(cells: list[Any], notices: list[str]) -> None:
    seen: set[str] = set()
    missing = doubled = 0
    for index, cell in enumerate(cells):
        if not (isinstance(cell, dict) and {"cell_type", "source"} <= cell.keys()):
            raise BadInput(f"cell {index} is not a cell", "content")
    for index, cell in enumerate(cells):
        name = cell.get("id")
        if isinstance(name, str) and name and name not in seen:
            seen.add(name)
            continue
        source = cell.source if isinstance(cell.source, str) else "".join(cell.source)
        made = hashlib.sha256(f"{index}\0{source}".encode()).hexdigest()[:12]
        while made in seen:
            made = hashlib.sha256(made.encode()).hexdigest()[:12]
        doubled += name in seen
        missing += name not in seen
        cell.id = made
        seen.add(made)
    if missing:
        notices.append(f"{_cells(missing)} had no id: ids were made from position and source")
    if doubled:
        notices.append(f"{_cells(doubled)} had the id of another, and got a new one")


def _node(**fields: Any) -> Any:
    return nbformat.from_dict(fields)  # type: ignore[no-untyped-call]


def _check_metadata(node: Any) -> None:
    """Refuses dossier metadata of the wrong types, naming the cell and the field."""
    own = node.metadata.get("dossier")
    _check_object(own, "the notebook", {"target": str, "id": str, "options": dict})
    for target, options in ((own or {}).get("options") or {}).items():
        if not isinstance(options, dict):
            field = f"metadata.dossier.options.{target}"
            raise BadInput(f"the notebook: {field} must be an object", field)
    for index, cell in enumerate(c for c in node.cells if c.cell_type == "code"):
        where = f"cell {index} ({cell.id})"
        _check_object(
            cell.metadata.get("dossier"),
            where,
            {"target": str, "options": dict, "effects": dict, "idempotent": bool},
        )
        _check_effects((cell.metadata.get("dossier") or {}).get("effects") or {}, where)


def _check_effects(effects: Any, where: str) -> None:
    """What the user says that a cell does: names and files read and written, pure, a barrier."""
    field = "metadata.dossier.effects"
    for name, value in effects.items():
        words = None
        if name in ("pure", "barrier", "reuse"):
            words = None if isinstance(value, bool) else "must be true or false"
        elif name not in ("reads", "writes"):
            words = "is unknown; there are reads, writes, pure, barrier and reuse"
        elif not isinstance(value, list):
            words = "must be a list of names and files"
        else:
            wrong = [v for v in value if not _is_effect_name(v)]
            if wrong:
                words = f"holds {wrong[0]!r}, which is neither a name nor `file:` with a path"
        if words is not None:
            raise BadInput(f"{where}: {field}.{name} {words}", f"{field}.{name}")
    if effects.get("pure") and effects.get("barrier"):
        raise BadInput(f"{where}: {field} says both pure and barrier", field)


def _is_effect_name(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    is_file = value.startswith("file:") and value != "file:"
    return is_file or value.isidentifier() or (value[:1] == "<" and value[-1:] == ">")


def _check_object(value: Any, where: str, fields: dict[str, type]) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise BadInput(f"{where}: metadata.dossier must be an object", "metadata.dossier")
    version = value.get("version", METADATA_VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadInput(
            f"{where}: metadata.dossier.version must be a number from 1", "metadata.dossier.version"
        )
    if version > METADATA_VERSION:
        raise BadInput(
            f"{where}: metadata.dossier.version {version} is of a newer jupyterlab-dossier",
            "metadata.dossier.version",
        )
    words = {str: "a string", dict: "an object", bool: "true or false"}
    for name, kind in fields.items():
        if name in value and not isinstance(value[name], kind):
            raise BadInput(
                f"{where}: metadata.dossier.{name} must be {words[kind]}",
                f"metadata.dossier.{name}",
            )


def code_cells(notebook: Notebook) -> list[Cell]:
    """The notebook's code cells as they are analysed and run."""
    cells = []
    for index, cell in enumerate(notebook.code_cells):
        own = cell.metadata.get("dossier") or {}
        cells.append(
            Cell(
                id=cell.id,
                index=index,
                source=cell.source,
                target=own.get("target") or None,
                options=dict(own.get("options") or {}),
                effects=own.get("effects"),
                tags=frozenset(t for t in cell.metadata.get("tags", []) if isinstance(t, str)),
                idempotent=bool(own.get("idempotent")),
            )
        )
    return cells


def workflow(notebook: Notebook, **asked: Any) -> Workflow:
    """The workflow of a notebook; `asked` are `Workflow`'s own fields (jobs, fresh, ...).

    Raises `BadInput` for an unknown kernelspec or one of another language.
    """
    check_kernelspec(notebook.kernelspec, notebook)
    document = notebook.node.metadata.get("dossier") or {}
    asked["default_target"] = asked.get("default_target") or document.get("target")
    plain = Workflow(
        path=str(notebook.path.resolve()),
        cells=tuple(code_cells(notebook)),
        kernelspec=notebook.kernelspec,
        notebook_id=document.get("id"),
        **asked,
    )
    inherited = document.get("options") or {}
    if not inherited:
        return plain
    cells = (with_options(cell, inherited, target_of(cell, plain)) for cell in plain.cells)
    return replace(plain, cells=tuple(cells))


def with_options(cell: Cell, inherited: Json, target: str) -> Cell:
    """The cell with what its notebook asks of the target; its own options count before that."""
    usual = dict(inherited.get(target) or {})
    return replace(cell, options={**usual, **cell.options}, inherited=usual)


def check_kernelspec(name: str, notebook: Notebook | None = None) -> None:
    """Raises `BadInput` unless a Python kernel of this name is installed."""
    language = notebook.node.metadata.kernelspec.get("language") if notebook else None
    try:
        spec = kernelspecs.find(name)
    except kernelspecs.NoSuchKernel:
        if language and str(language).lower() != "python":
            raise BadInput(
                f"notebooks in {language} cannot be run yet: only Python", "kernelspec"
            ) from None
        raise BadInput(
            f"no kernelspec named {name!r} is installed: see `jupyter kernelspec list`",
            "kernelspec",
        ) from None
    if spec.language.lower() != "python":
        raise BadInput(f"notebooks in {spec.language} cannot be run yet: only Python", "kernelspec")


def parametrise(notebook: Notebook, values: dict[str, str]) -> None:
    """Assigns parameters after the body of the cell tagged `parameters`, in memory.

    A value is a Python literal, else a string. Raises `BadInput` where no cell has the tag or
    the cell does not assign the name.
    """
    if not values:
        return
    cell = next(
        (c for c in notebook.code_cells if "parameters" in c.metadata.get("tags", [])), None
    )
    if cell is None:
        raise BadInput("-p: no cell is tagged `parameters`", "parameters")
    try:
        assigned = {
            node.id
            for node in ast.walk(ast.parse(cell.source))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    except SyntaxError as error:
        raise BadInput(f"-p: the cell tagged `parameters` is not valid Python: {error}") from None
    lines = []
    for name, text in values.items():
        if name not in assigned:
            raise BadInput(f"-p: the cell tagged `parameters` assigns no {name!r}", "parameters")
        try:
            value: object = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = text
        lines.append(f"{name} = {value!r}")
    cell.source = "\n".join([cell.source.rstrip("\n"), *lines])


def check_writable(path: Path) -> None:
    """Raises `BadInput` unless a notebook can be written here; changes nothing."""
    folder = path.parent
    if path.exists() and not path.is_file():
        raise BadInput(f"cannot write {path}: it is not a regular file", "output")
    if not folder.is_dir():
        raise BadInput(f"cannot write {path}: there is no folder {folder}", "output")
    if path.exists() and not os.access(path, os.W_OK):
        raise BadInput(f"cannot write {path}: permission denied", "output")
    try:
        # Asking the file system is the only sure test: access() lies for root and on some mounts.
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".dossier-")
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}", "output") from None
    os.close(descriptor)
    os.unlink(name)


def changed(notebook: Notebook) -> bool:
    """Whether the file is no longer the one that was read."""
    try:
        return hashlib.sha256(notebook.path.read_bytes()).hexdigest() != notebook.digest
    except OSError:
        return True


def write(node: Any, path: Path) -> None:
    """Writes a notebook atomically: a reader sees the old file or the new one."""
    text = nbformat.writes(node, version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text if text.endswith("\n") else text + "\n")
            file.flush()
            os.fsync(file.fileno())
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def apply_outputs(node: Any, outputs: dict[str, list[Json]], counts: dict[str, int | None]) -> None:
    """Puts each cell's outputs and execution count into the notebook; others are cleared."""
    for cell in node.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.from_dict(o) for o in outputs.get(cell.id, [])]  # type: ignore[no-untyped-call]
            cell.execution_count = counts.get(cell.id)
