"""Edits by rule, and which cells they really affect.

Each rule takes a notebook's cells and gives them with one edit of the kind that people make, or
None where it has nothing to edit. `affected` compares a run of the notebook before with one after:
a cell is affected if it is new, ends otherwise, shows something else, or leaves other values in
the names that it wrote. Every affected cell must be in `stale(before, after)`.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jupyterlab_dossier.dataflow import Cell as AnalysisCell
from jupyterlab_dossier.dataflow import analyse
from jupyterlab_dossier.dataflow.stale import Analysed, stale
from jupyterlab_dossier.runs.history.compare import differences

Json = dict[str, Any]
Random = random.Random


@dataclass(frozen=True)
class Cell:
    id: str
    source: str
    tags: tuple[str, ...] = ()


Cells = list[Cell]
Rule = Callable[[Cells, Random], "Cells | None"]


# Places in the source


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except SyntaxError:
        return None


def _span(source: str, node: Any) -> tuple[int, int]:
    """Where a node's text starts and ends."""
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = source.encode()
    start = starts[node.lineno - 1] + node.col_offset
    end = starts[node.end_lineno - 1] + node.end_col_offset
    return len(data[:start].decode()), len(data[:end].decode())


def _put(source: str, node: ast.AST, text: str) -> str:
    start, end = _span(source, node)
    return source[:start] + text + source[end:]


def _nodes(cells: Cells, kind: Any) -> Iterator[tuple[int, Any]]:
    """All nodes of a kind, with the number of their cell."""
    for number, cell in enumerate(cells):
        tree = _tree(cell.source)
        inside = {id(n) for s in ast.walk(tree or ast.Module([], [])) for n in _texts(s)}
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, kind) and id(node) not in inside:
                yield number, node


def _texts(node: ast.AST) -> Iterator[ast.AST]:
    """Parts of format strings: their positions are not those of the source."""
    if isinstance(node, ast.JoinedStr):
        yield from (n for n in ast.walk(node) if n is not node)


def _edited(cells: Cells, number: int, source: str) -> Cells | None:
    if source == cells[number].source:
        return None
    return [*cells[:number], replace(cells[number], source=source), *cells[number + 1 :]]


def _some(rng: Random, found: Sequence[Any]) -> Any:
    return rng.choice(found) if found else None


# Rules: within a cell


def _other_constant(value: Any, rng: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice([1, 1, 2, -1])
    if isinstance(value, float):
        return round(value * rng.choice([0.5, 1.5, 2.0]) + 0.25, 6)
    if isinstance(value, str):
        return value + "x" if rng.random() < 0.5 or len(value) < 2 else value[:-1]
    return None


def _change_constant(cells: Cells, rng: Random, inside: Any = None) -> Cells | None:
    places = [
        (number, node)
        for number, node in _nodes(cells, ast.Constant)
        if isinstance(node.value, (bool, int, float, str)) and node.value != ""
    ]
    if inside is not None:
        wanted = {
            (n, c.lineno, c.col_offset)
            for n, holder in inside
            for c in ast.walk(holder)
            if isinstance(c, ast.Constant)
        }
        places = [(n, c) for n, c in places if (n, c.lineno, c.col_offset) in wanted]
    place = _some(rng, places)
    if place is None:
        return None
    number, node = place
    text = repr(_other_constant(node.value, rng))
    return _edited(cells, number, _put(cells[number].source, node, text))


def constant(cells: Cells, rng: Random) -> Cells | None:
    return _change_constant(cells, rng)


_SWAPPED: dict[type, Any] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.Add(),
    ast.Div: ast.Mult(),
    ast.FloorDiv: ast.Mult(),
    ast.Mod: ast.Mult(),
    ast.Lt: ast.GtE(),
    ast.Gt: ast.LtE(),
    ast.LtE: ast.Gt(),
    ast.GtE: ast.Lt(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.And: ast.Or(),
    ast.Or: ast.And(),
}


def operator(cells: Cells, rng: Random) -> Cells | None:
    kinds = (ast.BinOp, ast.Compare, ast.BoolOp, ast.AugAssign)
    places = [
        (number, node)
        for number, node in _nodes(cells, kinds)
        if type(node.ops[0] if isinstance(node, ast.Compare) else node.op) in _SWAPPED
    ]
    place = _some(rng, places)
    if place is None:
        return None
    number, node = place
    if isinstance(node, ast.Compare):
        node.ops[0] = _SWAPPED[type(node.ops[0])]
    else:
        node.op = _SWAPPED[type(node.op)]
    text = ast.unparse(node)
    if not isinstance(node, ast.AugAssign):
        text = f"({text})"
    return _edited(cells, number, _put(cells[number].source, node, text))


_MADE_BY = {
    "DataFrame": ["{0}['extra'] = 1", "{0}.drop({0}.columns[0], axis=1, inplace=True)"],
    "Series": ["{0}.iloc[0] = 0"],
    "array": ["{0}.flat[0] = 7", "{0} += 1"],
    "arange": ["{0}[0] = 7", "{0} += 1"],
    "zeros": ["{0}.flat[0] = 7"],
    "ones": ["{0}.flat[0] = 7"],
    "linspace": ["{0}[0] = 7"],
    "list": ["{0}.append(99)", "{0}.reverse()", "{0}.clear()"],
    "dict": ["{0}['extra'] = 1", "{0}.clear()", "{0}.popitem()"],
    "set": ["{0}.add(99)", "{0}.clear()"],
    "deque": ["{0}.appendleft(99)"],
    "defaultdict": ["{0}.clear()"],
}
_LITERALS = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
}


def _kinds(cells: Cells) -> list[tuple[int, str, str]]:
    """Variables whose kind the source shows: the cell, the name, what makes such values."""
    found = []
    for number, cell in enumerate(cells):
        for node in getattr(_tree(cell.source), "body", ()):
            if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
                continue
            value = node.value
            kind = _LITERALS.get(type(value), "")
            if isinstance(value, ast.Call):
                kind = getattr(value.func, "attr", getattr(value.func, "id", ""))
            if kind in _MADE_BY:
                found.append((number, node.targets[0].id, kind))
    return found


def _mutator(cells: Cells, rng: Random) -> tuple[int, str] | None:
    """A statement that changes a variable, and the first cell where it can stand."""
    place = _some(rng, _kinds(cells))
    if place is None:
        return None
    number, name, kind = place
    return number, rng.choice(_MADE_BY[kind]).format(name)


def add_mutator(cells: Cells, rng: Random) -> Cells | None:
    found = _mutator(cells, rng)
    if found is None:
        return None
    places = [n for n in range(found[0], len(cells)) if _tree(cells[n].source) is not None]
    number = rng.choice(places)
    lines = [cells[number].source, found[1]]
    if number > found[0] and rng.random() < 0.5:
        lines.reverse()
    return _edited(cells, number, "\n".join(lines))


def remove_statement(cells: Cells, rng: Random) -> Cells | None:
    """Calls and stores into objects first: those are what an eye passes over."""
    places, others = [], []
    for number, cell in enumerate(cells):
        for node in getattr(_tree(cell.source), "body", ()):
            call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
            store = isinstance(node, (ast.Assign, ast.AugAssign)) and not isinstance(
                getattr(node, "targets", [getattr(node, "target", None)])[0], ast.Name
            )
            (places if call or store else others).append((number, node))
    place = _some(rng, places or others)
    if place is None:
        return None
    number, node = place
    return _edited(cells, number, _put(cells[number].source, node, "pass"))


_OTHER_METHODS = {
    "append": "{}.insert(0, {})",
    "add": "{}.discard({})",
    "sort": "{}.reverse()",
    "reverse": "{}.sort()",
    "extend": "{}.append({})",
    "pop": "{}.__len__()",
    "update": "{}.copy()",
    "remove": "{}.count({})",
    "insert": "{}.__len__()",
    "setdefault": "{}.get({})",
    "fit": "{}.get_params()",
}


def alter_mutator(cells: Cells, rng: Random) -> Cells | None:
    places = [
        (number, node)
        for number, node in _nodes(cells, ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _OTHER_METHODS
    ]
    place = _some(rng, places)
    if place is None:
        return None
    number, node = place
    receiver = ast.unparse(node.func.value)
    arguments = ", ".join(ast.unparse(a) for a in (*node.args, *node.keywords))
    text = _OTHER_METHODS[node.func.attr].format(receiver, arguments)
    return _edited(cells, number, _put(cells[number].source, node, text))


def default_argument(cells: Cells, rng: Random) -> Cells | None:
    places = [
        (number, default)
        for number, node in _nodes(cells, (ast.FunctionDef, ast.Lambda))
        for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None))
    ]
    place = _some(rng, places)
    if place is None:
        return None
    number, node = place
    value = node.value if isinstance(node, ast.Constant) else None
    text = repr(_other_constant(value, rng)) if value is not None else "None"
    return _edited(cells, number, _put(cells[number].source, node, text))


def helper_function(cells: Cells, rng: Random) -> Cells | None:
    functions = list(_nodes(cells, (ast.FunctionDef, ast.ClassDef)))
    found = _change_constant(cells, rng, functions) if rng.random() < 0.6 else None
    if found is not None:
        return found
    places = [
        (number, node)
        for number, function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and node.value is not None
    ]
    place = _some(rng, places)
    if place is None:
        return None
    number, node = place
    text = rng.choice(["[{}]", "{} or None", "repr({})"]).format(ast.unparse(node.value))
    return _edited(cells, number, _put(cells[number].source, node.value, text))


_SETUP = re.compile(
    r"set_option|options\.|rcParams|\.rc\(|seed\(|printoptions|environ|chdir|filterwarnings"
    r"|simplefilter|sys\.path|seterr|setlocale|getcontext|basicConfig|setLevel|style\.use"
    r"|set_config|set_string|setrecursionlimit|^%(?:cd|env|matplotlib|config|precision)",
    re.M,
)


def setup_statement(cells: Cells, rng: Random) -> Cells | None:
    places: list[tuple[int, Any]] = []
    for number, cell in enumerate(cells):
        for node in getattr(_tree(cell.source), "body", ()):
            text = ast.get_source_segment(cell.source, node) or ""
            if _SETUP.search(text) and isinstance(node, (ast.Expr, ast.Assign)):
                places.append((number, node))
    place = _some(rng, places)
    if place is None:
        return None
    if rng.random() < 0.4:
        number, node = place
        return _edited(cells, number, _put(cells[number].source, node, "pass"))
    return _change_constant(cells, rng, [place])


_WRITES = re.compile(r"^%%(?:writefile|file)\b|write_text|\.write\(|to_csv|to_json|dump\(|savetxt")


def file_content(cells: Cells, rng: Random) -> Cells | None:
    """Another content of a file that a cell writes."""
    numbers = [n for n, c in enumerate(cells) if _WRITES.search(c.source)]
    number = _some(rng, numbers)
    if number is None:
        return None
    source = cells[number].source
    if not source.startswith("%%"):
        return _change_constant(cells, rng, [(number, _tree(source) or ast.Module([], []))])
    head, _, body = source.partition("\n")
    changed = re.sub(r"\d+", lambda m: str(int(m.group()) + 1), body, count=1)
    return _edited(cells, number, f"{head}\n{changed if changed != body else body + 'more = 1'}")


def comment(cells: Cells, rng: Random) -> Cells | None:
    """No edit of what a cell does: a comment, a blank line, spaces."""
    number = rng.randrange(len(cells))
    source = cells[number].source
    if _tree(source) is None:
        return None
    text = rng.choice(
        [f"# note\n{source}", f"\n\n{source}", f"{source}\n# the end", f"{source}\n\n"]
    )
    return _edited(cells, number, text)


_MAGIC = re.compile(r"^(\s*(?:\w+\s*=\s*)?(?:%%?\w+|!))(.*)$", re.M)


def magic_argument(cells: Cells, rng: Random) -> Cells | None:
    places = [
        (number, found)
        for number, cell in enumerate(cells)
        if _tree(cell.source) is None
        for found in _MAGIC.finditer(cell.source)
        if found.group(2).strip()
    ]
    place = _some(rng, places)
    if place is None:
        return None
    number, found = place
    rest = found.group(2)
    changed = re.sub(r"\d+", lambda m: str(int(m.group()) + 1), rest, count=1)
    if changed == rest:
        changed = rest + rng.choice(["x", "2", " # other"])
    source = cells[number].source
    text = source[: found.start(2)] + changed + source[found.end(2) :]
    return _edited(cells, number, text)


# Rules: names


def _simple_names(cells: Cells) -> list[str]:
    """Variables that are used as plain names only."""
    found: dict[str, None] = {}
    other: set[str] = set()
    for cell in cells:
        tree = _tree(cell.source)
        if tree is None:
            other |= set(re.findall(r"\w+", cell.source))
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found[node.id] = None
            elif isinstance(node, ast.JoinedStr):
                other |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            elif isinstance(node, (ast.Global, ast.Nonlocal)):
                other |= set(node.names)
            elif isinstance(node, ast.arg):
                other.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                other |= set(re.findall(r"\w+", node.value))
    return [name for name in found if name not in other and len(name) > 0]


def _renamed(source: str, old: str, new: str) -> str:
    tree = _tree(source)
    places = [
        n for n in ast.walk(tree or ast.Module([], [])) if isinstance(n, ast.Name) and n.id == old
    ]
    for node in sorted(places, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        source = _put(source, node, new)
    return source


def rename_everywhere(cells: Cells, rng: Random) -> Cells | None:
    name = _some(rng, _simple_names(cells))
    if name is None:
        return None
    return [replace(c, source=_renamed(c.source, name, f"{name}_2")) for c in cells]


def rename_in_one_cell(cells: Cells, rng: Random) -> Cells | None:
    """To a new name, or to that of another variable."""
    names = _simple_names(cells)
    name = _some(rng, names)
    if name is None:
        return None
    other = rng.choice([f"{name}_2", *names])
    number = _some(
        rng, [n for n, c in enumerate(cells) if _renamed(c.source, name, "") != c.source]
    )
    return _edited(cells, number, _renamed(cells[number].source, name, other))


# Rules: cells


def swap(cells: Cells, rng: Random) -> Cells | None:
    a = rng.randrange(len(cells))
    b = a + 1 if rng.random() < 0.5 else rng.randrange(len(cells))
    if a == b or b >= len(cells):
        return None
    made = list(cells)
    made[a], made[b] = made[b], made[a]
    return made


def delete(cells: Cells, rng: Random) -> Cells | None:
    number = rng.randrange(len(cells))
    return [*cells[:number], *cells[number + 1 :]] if len(cells) > 1 else None


def move(cells: Cells, rng: Random) -> Cells | None:
    made = list(cells)
    cell = made.pop(rng.randrange(len(made)))
    made.insert(rng.randrange(len(made) + 1), cell)
    return made if made != cells else None


def duplicate(cells: Cells, rng: Random) -> Cells | None:
    number = rng.randrange(len(cells))
    made = list(cells)
    made.insert(rng.randrange(number, len(cells)) + 1, replace(cells[number], id="new"))
    return made


_INSERTED = [
    "probe = 1\nprint(probe)",
    "import os\nos.environ['PROBE'] = '1'",
    "import random\nrandom.seed(5)",
    "import random\nrandom.random()",
    "import numpy as np\nnp.random.seed(5)",
    "import numpy as np\nnp.set_printoptions(precision=3)",
    "import pandas as pd\npd.set_option('display.max_rows', 4)",
    "import matplotlib.pyplot as plt\nplt.rcParams['lines.linewidth'] = 4",
    "%precision 3",
    "%config InlineBackend.figure_format = 'png'",
    "import gc\ngc.collect();",
    "print('between')",
    "",
]


def insert(cells: Cells, rng: Random) -> Cells | None:
    """A cell that changes a variable, binds a name anew, sets up the process, or does nothing."""
    number = rng.randrange(len(cells) + 1)
    names = _simple_names(cells)
    found = _mutator(cells, rng) if rng.random() < 0.4 else None
    if found is not None:
        number = rng.randrange(found[0] + 1, len(cells) + 1)
        source = found[1]
    elif names and rng.random() < 0.4:
        source = rng.choice(["{} = 0", "print({})", "del {}", "{1} = {0}"])
        source = source.format(rng.choice(names), rng.choice(names))
    else:
        source = rng.choice(_INSERTED)
    return [*cells[:number], Cell("new", source), *cells[number:]]


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        constant,
        operator,
        add_mutator,
        remove_statement,
        alter_mutator,
        default_argument,
        helper_function,
        setup_statement,
        file_content,
        comment,
        magic_argument,
        rename_everywhere,
        rename_in_one_cell,
        swap,
        delete,
        move,
        duplicate,
        insert,
    )
}


def edit(cells: Cells, rng: Random) -> tuple[str, Cells]:
    """One edit by some rule, and the rule's name."""
    while True:
        name = rng.choice(list(RULES))
        made = RULES[name](cells, rng)
        if made is not None and made != cells:
            return name, made


# What an edit affects

_PROMPT = re.compile(r"In ?(?:\x1b\[[0-9;]*m)*\[\d+\]")


def _normal(outputs: Sequence[Json]) -> list[Json]:
    """Tracebacks name a cell by its execution count, which every edit before it moves."""
    return [
        {**o, "traceback": [_PROMPT.sub("In[n]", line) for line in o["traceback"]]}
        if o["output_type"] == "error"
        else o
        for o in outputs
    ]


def unsteady(once: Sequence[Json], again: Sequence[Json]) -> set[str]:
    """Names whose values two runs of the same cells leave different."""
    pairs = [(a["values"], b["values"]) for a, b in zip(once, again, strict=True)]
    return {name for a, b in pairs for name in a if a[name] != b.get(name)}


def affected(old: Cells, before: Sequence[Json], new: Cells, after: Sequence[Json]) -> list[str]:
    """Why each affected cell of the new notebook is affected; "" for the others.

    Cells that the new run did not reach, for one before them failed, are not judged.
    """
    known = {cell.id: run for cell, run in zip(old, before, strict=False)}
    found = []
    for cell, run in zip(new, after, strict=False):
        was = known.get(cell.id)
        if was is None:
            found.append("it had not run" if run["outputs"] or run["wrote"] else "")
            continue
        words = ""
        if was["ok"] != run["ok"]:
            words = "it fails now" if was["ok"] else "it succeeds now"
        words = words or "; ".join(differences(_normal(was["outputs"]), _normal(run["outputs"])))
        for name in sorted({*was["wrote"], *run["wrote"]}):
            if not words and was["values"].get(name) != run["values"].get(name):
                words = f"`{name}` has another value"
        found.append(words)
    return found


def _analysed(cells: Cells, run: Sequence[Json]) -> Analysed:
    """A notebook with what its run has shown."""
    made = [AnalysisCell(c.id, c.source, None, "raises-exception" in c.tags) for c in cells]
    pairs = list(zip(cells, run, strict=False))
    failed = frozenset(c.id for c, r in pairs if not r["ok"])
    quiet = frozenset(
        c.id
        for c, r in pairs
        if r["ok"] and not any(o.get("name") == "stderr" for o in r["outputs"])
    )
    return Analysed(made, analyse(made), failed, quiet)


@dataclass(frozen=True)
class Verdict:
    cells: int
    affected: dict[str, str]  # cell id -> why
    marked: dict[str, str]

    @property
    def missed(self) -> dict[str, str]:
        return {cell: why for cell, why in self.affected.items() if cell not in self.marked}


def judge(old: Cells, before: Sequence[Json], new: Cells, after: Sequence[Json]) -> Verdict:
    """What an edit affected, and what `stale` marks."""
    marks = stale(_analysed(old, before), _analysed(new, after))
    marked = {mark.id: mark.why for mark in marks}
    why = affected(old, before, new, after)
    found = {cell.id: words for cell, words in zip(new, why, strict=False) if words}
    return Verdict(len(new), found, {c.id: marked[c.id] for c in new[: len(why)] if c.id in marked})
