"""What the analysis knows by short names, in the words of the notebook's author."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

# Known by a pseudo name: said in a sentence, said in a column.
_PSEUDO = {
    "<random>": ("the random numbers of `random`", "random numbers"),
    "<numpy.random>": ("the random numbers of `numpy.random`", "numpy's random numbers"),
    "<files>": ("files", "files"),
    "<file >": ("the notebook's folder", "the folder"),
    "<display>": ("a display of an earlier cell", "a display"),
    "<store>": ("what `%store` keeps", "what %store keeps"),
    "<outside>": ("the world outside of the notebook", "the outside"),
    "<process>": ("its process", "its process"),
}
_SHELL = "get_ipython()."


def named(name: str) -> str:
    """A variable or resource, as it is said in a sentence."""
    if name in _PSEUDO:
        return _PSEUDO[name][0]
    return f"`{name[6:-1]}`" if name.startswith("<file ") else f"`{name}`"


def listed(names: Iterable[str]) -> str:
    """Variables and resources in a column of a table."""
    return ", ".join(
        _PSEUDO[name][1] if name in _PSEUDO else name[1:-1] if name[:6] == "<file " else name
        for name in names
    )


RANDOM_STATES = frozenset({"<random>", "<numpy.random>"})
"""What the states of the global generators are called among variables, with which they travel."""


def are_random(name: str) -> bool:
    return name in RANDOM_STATES


def typed(text: str) -> str:
    """Python in which magics are what IPython makes of them, with them as they were typed."""
    if _SHELL not in text:
        return text
    try:
        tree = ast.parse(text.strip())
    except (SyntaxError, ValueError):
        return text
    raw = text.strip().encode()
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and n.end_lineno == 1]
    for node in sorted(calls, key=lambda call: call.col_offset, reverse=True):
        shown = _magic(node)
        if shown is not None:
            raw = raw[: node.col_offset] + shown.encode() + raw[node.end_col_offset :]
    return raw.decode()


def _magic(node: ast.Call) -> str | None:
    func = node.func
    given = [a.value for a in node.args if isinstance(a, ast.Constant)]
    if not isinstance(func, ast.Attribute) or ast.unparse(func.value) != "get_ipython()":
        return None
    texts = [value for value in given if isinstance(value, str)]
    if not texts or len(texts) != len(node.args):
        return None
    first, *rest = texts
    if func.attr == "run_cell_magic" and len(rest) == 2:
        return f"%%{first} {rest[0]}".rstrip() + (" …" if rest[1].strip() else "")
    if func.attr == "run_line_magic" and len(rest) == 1:
        return f"{rest[0]}?" if first == "pinfo" else f"%{first} {rest[0]}".rstrip()
    if func.attr in ("system", "getoutput") and not rest:
        return f"!{first}"
    return None


def shortened(text: str, limit: int = 70) -> str:
    """On one line, and not too long."""
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"
