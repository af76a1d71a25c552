"""Which scope a name belongs to: Python's own rules, computed once per function node."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Scope:
    """Names bound in one function or class body, and what leaves it."""

    locals: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    captured: set[str] = field(default_factory=set)
    generator: bool = False
    early_exit: bool = False


def arguments(node: ast.arguments) -> list[ast.arg]:
    found = [*node.posonlyargs, *node.args, *node.kwonlyargs]
    if node.vararg:
        found.append(node.vararg)
    if node.kwarg:
        found.append(node.kwarg)
    return found


def of(node: FunctionNode | ast.ClassDef) -> Scope:
    """The scope of a function or class; kept on the node."""
    known: Scope | None = getattr(node, "_dossier_scope", None)
    if known is not None:
        return known
    scope = Scope()
    body: list[ast.stmt] | list[ast.expr]
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    if not isinstance(node, ast.ClassDef):
        scope.locals.update(arg.arg for arg in arguments(node.args))
    inner: set[str] = set()
    for child in body:
        _collect(child, scope, inner)
    scope.locals -= scope.globals | scope.nonlocals
    scope.captured = inner & scope.locals
    if body and isinstance(body[-1], ast.Return):
        # Only a return before the end leaves later writes undone.
        returns = sum(isinstance(n, ast.Return) for n in ast.walk(node))
        scope.early_exit = returns > 1
    node._dossier_scope = scope  # type: ignore[union-attr]
    return scope


def _collect(node: ast.AST, scope: Scope, inner: set[str]) -> None:
    stack: list[ast.AST] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.Name):
            if not isinstance(item.ctx, ast.Load):
                scope.locals.add(item.id)
        elif isinstance(item, _FUNCTIONS):
            if not isinstance(item, ast.Lambda):
                scope.locals.add(item.name)
                stack.extend(item.decorator_list)
            stack.extend(item.args.defaults)
            stack.extend(d for d in item.args.kw_defaults if d is not None)
            inner.update(n.id for n in ast.walk(item) if isinstance(n, ast.Name))
            for n in ast.walk(item):
                if isinstance(n, ast.Nonlocal):
                    inner.update(n.names)
        elif isinstance(item, ast.ClassDef):
            scope.locals.add(item.name)
            stack.extend([*item.decorator_list, *item.bases])
            stack.extend(k.value for k in item.keywords)
            inner.update(n.id for n in ast.walk(item) if isinstance(n, ast.Name))
        elif isinstance(item, _COMPREHENSIONS):
            # Targets are the comprehension's own; a walrus inside binds here.
            for n in ast.walk(item):
                if isinstance(n, ast.NamedExpr) and isinstance(n.target, ast.Name):
                    scope.locals.add(n.target.id)
                elif isinstance(n, (ast.Yield, ast.YieldFrom)):
                    scope.generator = True
            if isinstance(item, ast.GeneratorExp) or any(
                isinstance(n, _FUNCTIONS) for n in ast.walk(item)
            ):
                inner.update(n.id for n in ast.walk(item) if isinstance(n, ast.Name))
        elif isinstance(item, (ast.Import, ast.ImportFrom)):
            for alias in item.names:
                scope.locals.add(alias.asname or alias.name.partition(".")[0])
        elif isinstance(item, ast.Global):
            scope.globals.update(item.names)
        elif isinstance(item, ast.Nonlocal):
            scope.nonlocals.update(item.names)
        else:
            if (isinstance(item, ast.ExceptHandler) and item.name) or (
                isinstance(item, (ast.MatchAs, ast.MatchStar)) and item.name
            ):
                scope.locals.add(item.name)
            elif isinstance(item, ast.MatchMapping) and item.rest:
                scope.locals.add(item.rest)
            elif isinstance(item, (ast.Yield, ast.YieldFrom)):
                scope.generator = True
            elif isinstance(item, ast.Return):
                scope.early_exit = True
            stack.extend(ast.iter_child_nodes(item))


def has_cleanup(node: FunctionNode) -> bool:
    """Does a generator's body run code when it is closed or dropped?"""
    known: bool | None = getattr(node, "_dossier_cleanup", None)
    if known is None:
        known = any(isinstance(n, (ast.Try, ast.With)) for n in ast.walk(node))
        node._dossier_cleanup = known  # type: ignore[union-attr]
    return known


def of_text(text: str) -> Scope:
    """The names that code in a string binds, as if it were the body of a function."""
    scope = Scope()
    for statement in ast.parse(text).body:
        _collect(statement, scope, set())
    scope.locals -= scope.globals
    return scope
