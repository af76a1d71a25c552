"""What a cell needs to find where it runs: names, modules, files; and what it installs there.

Only what its text certainly does is called certain: a name that is read behind a condition, in a
loop, or after something that may bind any name is not.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

# Whoever calls these may bind names, or look which there are.
_OPAQUE = {"exec", "eval", "globals", "locals", "vars", "get_ipython", "__import__"}
# What IPython puts into its namespace.
_SHELL = {"In", "Out", "exit", "quit", "open", "get_ipython", "display"}
_HISTORY = re.compile(r"_+(i{0,3}|dh|ih|oh|exit_code|i?\d+)?$")
# Exceptions that neither a missing name nor a missing module raises.
_HARMLESS = {"KeyError", "IndexError", "ValueError", "TypeError", "ZeroDivisionError", "OSError"}
# Whoever is given a path here only asks whether it is there.
_ASKS = {"exists", "isfile", "isdir", "is_file", "is_dir", "glob", "iglob", "access"}
_INSTALL = re.compile(
    r"(?:^|[;&|]\s*)(?:\S*python\S*\s+-m\s+)?(?:uv\s+)?(pip3?|conda|mamba|micromamba)\s+"
    r"(install|uninstall|update|upgrade|remove)\b"
)
_MAGICS = {"system", "getoutput", "run_line_magic", "run_cell_magic"}


@dataclass
class Needs:
    """What a cell needs; the values of the dicts say whether it certainly does."""

    names: dict[str, bool] = field(default_factory=dict)
    modules: dict[str, bool] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    """Names that it binds to modules, or to what is in them, with the top-level module."""
    texts: list[str] = field(default_factory=list)
    """Strings that it certainly uses, the names of files among them."""
    installs: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        return vars(self)


def needs(tree: ast.Module) -> Needs:
    """What a cell needs, by its tree (magics are calls in it, see `ipython.parse`)."""
    walk = _Walk()
    walk.declared = {
        name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names
    }
    walk.block(tree.body, _SURE)
    walk.found.installs = list(_installs(tree))
    return walk.found


_SURE, _PERHAPS, _NO = 2, 1, 0


class _Walk:
    """One pass in the order of execution; `level` is how certainly something is executed."""

    def __init__(self) -> None:
        self.found = Needs()
        self.declared: set[str] = set()
        self._bound: set[str] = set()
        self._opaque = False

    def block(self, statements: Iterable[ast.stmt], level: int) -> None:
        for statement in statements:
            self._statement(statement, level)

    def _statement(self, node: ast.stmt, level: int) -> None:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is not None:
            method(node, level)
            return
        # Assignments bind last: `x = x + 1` reads first.
        self._values(node, level)
        self._bind(node)

    def _expr(self, node: ast.Expr, level: int) -> None:
        if isinstance(node.value, ast.Name):
            # Alone on its line it may be the name of a magic.
            level = min(level, _PERHAPS)
        self._values(node.value, level)
        self._bind(node)

    def _annassign(self, node: ast.AnnAssign, level: int) -> None:
        if node.value is not None:
            self._values(node.value, level)
            self._bind(node.target)

    def _augassign(self, node: ast.AugAssign, level: int) -> None:
        if isinstance(node.target, ast.Name):
            self._read(node.target.id, level)
        else:
            self._values(node.target, level)
        self._values(node.value, level)
        self._bind(node)

    def _import(self, node: ast.Import, level: int) -> None:
        for alias in node.names:
            self._module(alias.name, level)
            name = alias.asname or alias.name.partition(".")[0]
            self._bound.add(name)
            self.found.imported[name] = alias.name.partition(".")[0]

    def _importfrom(self, node: ast.ImportFrom, level: int) -> None:
        if node.level == 0 and node.module:
            self._module(node.module, level)
        for alias in node.names:
            if alias.name == "*":
                self._opaque = True
            self._bound.add(alias.asname or alias.name)
            if node.level == 0 and node.module:
                self.found.imported[alias.asname or alias.name] = node.module.partition(".")[0]

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, level: int) -> None:
        defaults = [d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None]
        for part in (*node.decorator_list, *defaults):
            self._values(part, level)
        self._later(node.body)
        self._bound.add(node.name)

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: ast.ClassDef, level: int) -> None:
        for part in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            self._values(part, level)
        outer = set(self._bound)
        self._bound |= {"__module__", "__qualname__", "__class__"}
        self.block(node.body, level)
        # A metaclass may have put names into the body.
        self._bound = outer | {node.name}

    def _if(self, node: ast.If, level: int) -> None:
        self._values(node.test, level)
        self.block(node.body, min(level, _PERHAPS))
        self.block(node.orelse, min(level, _PERHAPS))

    def _while(self, node: ast.While, level: int) -> None:
        self._if(node, level)  # type: ignore[arg-type]

    def _for(self, node: ast.For | ast.AsyncFor, level: int) -> None:
        self._values(node.iter, level)
        self._bind(node.target)
        self.block(node.body, min(level, _PERHAPS))
        self.block(node.orelse, min(level, _PERHAPS))

    _asyncfor = _for

    def _with(self, node: ast.With | ast.AsyncWith, level: int) -> None:
        for item in node.items:
            self._values(item.context_expr, level)
            if item.optional_vars is not None:
                self._bind(item.optional_vars)
        # The context may swallow what is raised.
        self.block(node.body, min(level, _PERHAPS))

    _asyncwith = _with

    def _try(self, node: ast.Try, level: int) -> None:
        self.block(node.body, _NO if any(_catches(h) for h in node.handlers) else level)
        for handler in node.handlers:
            if handler.name:
                self._bound.add(handler.name)
            self.block(handler.body, _NO)
        self.block(node.orelse, _NO if node.handlers else level)
        self.block(node.finalbody, level)

    _trystar = _try

    def _match(self, node: ast.Match, level: int) -> None:
        self._values(node.subject, level)
        for case in node.cases:
            self._bind(case.pattern)
            if case.guard is not None:
                self._values(case.guard, _NO)
            self.block(case.body, min(level, _PERHAPS))

    def _assert(self, node: ast.Assert, level: int) -> None:
        self._values(node.test, level)

    def _delete(self, node: ast.Delete, level: int) -> None:
        for target in node.targets:
            if not isinstance(target, ast.Name):
                self._values(target, level)
        self._bind(node)

    # expressions

    def _values(self, node: ast.AST, level: int) -> None:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                self._read(node.id, level)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str) and level == _SURE and len(node.value) < 1000:
                self.found.texts.append(node.value)
        elif isinstance(node, ast.BoolOp):
            self._one_by_one(node.values, 1, level)
        elif isinstance(node, ast.Compare):
            self._one_by_one([node.left, *node.comparators], 2, level)
        elif isinstance(node, ast.IfExp):
            self._one_by_one([node.test, node.body, node.orelse], 1, level)
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            self._values(node.generators[0].iter, level)
            self._bind(node)
        elif isinstance(node, ast.Lambda):
            for default in (*node.args.defaults, *node.args.kw_defaults):
                if default is not None:
                    self._values(default, level)
        elif isinstance(node, ast.NamedExpr):
            self._values(node.value, level)
            self._bind(node.target)
        elif isinstance(node, ast.Call):
            self._call(node, level)
        else:
            for child in ast.iter_child_nodes(node):
                self._values(child, level)

    def _call(self, node: ast.Call, level: int) -> None:
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        for child in ast.iter_child_nodes(node):
            asks = name in _ASKS and isinstance(child, ast.Constant)
            self._values(child, _NO if asks else level)
        if isinstance(called, ast.Attribute) and name in _ASKS:
            # `Path("x").exists()`: the file is asked for, not read.
            inner = {n.value for n in ast.walk(called) if isinstance(n, ast.Constant)}
            self.found.texts = [text for text in self.found.texts if text not in inner]
        if name in _OPAQUE:
            self._opaque = True

    def _one_by_one(self, parts: list[ast.expr], sure: int, level: int) -> None:
        """Only the first ones are certainly evaluated."""
        for number, part in enumerate(parts):
            self._values(part, level if number < sure else min(level, _PERHAPS))

    # findings

    def _read(self, name: str, level: int) -> None:
        if level == _NO or self._opaque or name in self._bound or name in self.declared:
            return
        if hasattr(builtins, name) or name in _SHELL or _HISTORY.match(name):
            return
        sure = self.found.names.get(name, False)
        self.found.names[name] = sure or level == _SURE

    def _module(self, name: str, level: int) -> None:
        if level != _NO:
            top = name.partition(".")[0]
            sure = level == _SURE and not self._opaque
            self.found.modules[top] = self.found.modules.get(top, False) or sure

    def _later(self, body: list[ast.stmt]) -> None:
        """Modules that a function imports when it is called."""
        for statement in body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Import):
                    for alias in node.names:
                        self._module(alias.name, _PERHAPS)
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    self._module(node.module, _PERHAPS)

    def _bind(self, node: ast.AST) -> None:
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
                self._bound.add(part.id)
            elif isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
                self._bound.add(part.name)
            elif isinstance(part, ast.MatchMapping) and part.rest:
                self._bound.add(part.rest)


def _catches(handler: ast.ExceptHandler) -> bool:
    """May it catch that a name or a module is not there?"""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {k.id if isinstance(k, ast.Name) else "Exception" for k in kinds}
    return bool(names - _HARMLESS)


def _installs(tree: ast.Module) -> Iterable[str]:
    """Commands that install packages, as they were typed, with their `%` or `!`."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        texts = [str(a.value) for a in node.args if isinstance(a, ast.Constant)]
        if node.func.attr not in _MAGICS:
            continue
        mark = "%" if node.func.attr.startswith("run_") else "!"
        for line in "\n".join([" ".join(texts[:2]), *texts[2:]]).splitlines():
            if _INSTALL.search(line):
                yield mark + line.strip()
