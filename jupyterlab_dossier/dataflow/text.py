"""Code in strings: walked as code where the text is known, else a barrier.

`exec` and `eval` run it here; `timeit` in a function of its own; pandas' `query` and `eval` know
columns, and variables by `@name`.
"""

from __future__ import annotations

import ast
import re

from . import namespace
from .library import Spec
from .parts import NONE, Arguments, Parts
from .scopes import of_text
from .values import ANY, Frame, Value, join_all, plain

_LOCAL = "__dossier_local_"  # what an `@` of pandas becomes, so that Python can parse it


def call(walk: Parts, spec: Spec, path: str, args: Arguments, node: ast.AST) -> Value:
    """exec, eval, timeit, pandas.eval."""
    assert spec.text is not None
    if spec.text == "pandas":
        return pandas(walk, None, args, node)
    if spec.text == "timeit":
        return _timeit(walk, path, args, node)
    code = args.get(0)
    text = _literal(code)
    given = args.get(1) or args.keywords.get("globals")
    local = args.get(2) or args.keywords.get("locals")
    own = [v for v in (given, local) if v is not None and not namespace.is_namespace(v)]
    own = [v for v in own if v.const is not None]
    if text is None or args.stars:
        return _unseen(walk, f"`{spec.text}`")
    if any(v.types != {"dict"} for v in own):
        return _unseen(walk, f"`{spec.text}` in a namespace that is not a plain dict: it")
    text = text.strip() if spec.text == "eval" else text
    if not _parses(text):
        return NONE
    frames = walk.frames
    if own:
        result = _in_dict(walk, text, own, node)
    elif given is not None and namespace.is_namespace(given):
        walk.frames = []
        result = walk.run_text(text, node)
        walk.frames = frames
    elif frames and spec.text == "exec":
        # What it binds in a function is gone when it ends.
        walk.frames = [*frames, Frame(of_text(text), walk.frame)]
        result = walk.run_text(text, node)
        walk.frames = frames
    else:
        result = walk.run_text(text, node)
    return result if spec.text == "eval" else NONE


def _in_dict(walk: Parts, text: str, own: list[Value], node: ast.AST) -> Value:
    """Its globals are a dict of the notebook's: names are looked up and set there."""
    holder = join_all(own)
    inside = Value(holder.regions, walk.heap.inside(holder.regions) | {ANY})
    frames = walk.frames
    frame = Frame(of_text(text), None)
    frame.region, frame.outer = walk.heap.union(holder.regions), inside
    frame.scope.captured = set(frame.scope.locals)
    walk.change(holder, node)
    walk.frames = [frame]
    result = walk.run_text(text, node)
    walk.frames = frames
    return result


def _timeit(walk: Parts, path: str, args: Arguments, node: ast.AST) -> Value:
    parts = [args.get(0) or args.keywords.get("stmt"), args.get(1) or args.keywords.get("setup")]
    given = args.keywords.get("globals")
    texts = []
    for part in parts:
        text = _literal(part)
        if text is not None:
            texts.append(text)
        elif part is not None and "str" in part.types:
            return _unseen(walk, f"`{path}`")
        elif part is not None:
            walk.call(part, Arguments(), node, path)
    if given is not None and not namespace.is_namespace(given):
        return _unseen(walk, f"`{path}`")
    text = "\n".join(reversed(texts))
    if not _parses(text):
        return plain("number")
    frames = walk.frames
    frame = Frame(of_text(text), None)
    if given is None:
        frame.outer = plain(ANY)
    walk.frames = [frame]
    walk.run_text(text, node)
    walk.frames = frames
    return plain("number")


def pandas(walk: Parts, receiver: Value | None, args: Arguments, node: ast.AST) -> Value:
    """`df.query(text)`, `df.eval(text)`, `pd.eval(text)`"""
    text = _literal(args.get(0) or args.keywords.get("expr"))
    if text is None or args.stars or not args.keywords.keys() <= {"expr", "inplace", "engine"}:
        return _unseen(walk, "a text given to pandas")
    text = re.sub(r"`[^`\n]*`", "_", text)
    text = re.sub(r"@(?=\w)", _LOCAL, text)
    rows = [row.strip() for row in text.splitlines() if row.strip()]
    data = receiver if receiver is not None else plain("number")
    column = Value(data.regions, frozenset(("Series", "number")))
    for row in rows:
        try:
            tree = ast.parse(row)
        except SyntaxError:
            continue
        called = {n.func for n in ast.walk(tree) if isinstance(n, ast.Call)}
        for name in ast.walk(tree):
            if not isinstance(name, ast.Name) or isinstance(name.ctx, ast.Store):
                continue
            if name.id.startswith(_LOCAL):
                found = walk.load(name.id.removeprefix(_LOCAL), node)
            elif receiver is None:
                found = walk.load(name.id, node)
            else:
                continue
            if name in called:
                walk.call(found, Arguments([], {}, [column]), node, name.id)
            elif any(not isinstance(t, str) for t in found.types):
                walk.call_back([found], node, everything=True)
    inplace = args.keywords.get("inplace")
    if receiver is not None and inplace is not None and inplace.const is not False:
        walk.change(receiver, node)
    return walk.fresh(frozenset(("DataFrame", "Series", "number", "ndarray")))


def _literal(value: Value | None) -> str | None:
    return value.const if value is not None and isinstance(value.const, str) else None


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        # The call raises an exception, that is all.
        return False
    return True


def _unseen(walk: Parts, what: str) -> Value:
    walk.barrier(f"{what} runs code that cannot be seen", opaque=True)
    return walk.everything()
