"""What the parts of the walk ask of each other."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .library import Selector
from .memory import Memory
from .values import (
    Class,
    Function,
    Value,
    constant,
    join,
    join_all,
    plain,
)


@dataclass
class Arguments:
    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    stars: list[Value] = field(default_factory=list)  # elements of *a and **k

    def all(self) -> list[Value]:
        return [*self.positional, *self.keywords.values(), *self.stars]

    def get(self, selector: Selector) -> Value | None:
        if isinstance(selector, int):
            if selector < len(self.positional):
                return self.positional[selector]
            return None
        return self.keywords.get(selector)

    def named(self, positions: Iterable[tuple[int, str]]) -> Arguments:
        """The same, with those arguments as keywords whose names say what is done with them."""
        keywords = dict(self.keywords)
        for index, name in positions:
            if index < len(self.positional):
                given = keywords.get(name)
                value = self.positional[index]
                keywords[name] = value if given is None else join(given, value)
            elif self.stars:
                keywords.setdefault(name, join_all(self.stars))
        return Arguments(self.positional, keywords, self.stars)

    def select(self, selectors: Iterable[Selector]) -> list[Value]:
        found: list[Value] = []
        for selector in selectors:
            if selector == "*":
                return self.all()
            value = self.get(selector)
            if value is not None:
                found.append(value)
            elif self.stars:
                found.extend(self.stars)
        return found


_LONGEST_PATH = 6

NO_ARGUMENTS = Arguments()
NONE = constant(None)


class Parts(Memory):
    """The walk as its parts see it: each defines some of these methods."""

    active: dict[Function, Any]

    def run_body(self, body: list[ast.stmt]) -> None:
        raise NotImplementedError

    def evaluate(self, node: ast.expr) -> Value:
        raise NotImplementedError

    def run_text(self, text: str, node: ast.AST) -> Value:
        raise NotImplementedError

    def call(self, callee: Value, args: Arguments, node: ast.AST, words: str) -> Value:
        raise NotImplementedError

    def call_path(self, path: str, args: Arguments, node: ast.AST, words: str) -> Value:
        raise NotImplementedError

    def call_method(
        self, receiver: Value, name: str, args: Arguments, node: ast.AST, words: str
    ) -> Value:
        raise NotImplementedError

    def call_function(
        self, function: Function, args: Arguments, node: ast.AST, callee: Value
    ) -> Value:
        raise NotImplementedError

    def instantiate(self, cls: Class, args: Arguments, node: ast.AST) -> Value:
        raise NotImplementedError

    def call_back(
        self,
        values: list[Value],
        node: ast.AST,
        everything: bool = False,
        method: str | None = None,
        only: frozenset[str] | None = None,
        given: Value | None = None,
    ) -> Value:
        raise NotImplementedError

    def _callback_argument(self, values: list[Value], node: ast.AST) -> Value:
        """What a function that gets these values may give to what it calls."""
        raise NotImplementedError

    def unknown(self, words: str, callee: Value, args: Arguments, node: ast.AST) -> Value:
        raise NotImplementedError

    def module_value(self, path: str) -> Value | None:
        """What a local module has there."""
        raise NotImplementedError

    def attribute_of_path(self, path: str) -> Value:
        """What `module.name` is: a value the data knows, or a reference to it by its path."""
        if self.state.modules:
            found = self.module_value(path)
            if found is not None:
                return found
        patch = self.state.patches.get(path)
        if patch is not None:
            return Value(patch.regions, patch.types | {"=" + path})
        kind = self.library.values.get(path)
        if kind is None:
            # Guessed attributes of guessed attributes: a loop would make ever longer paths.
            holder, _, name = path.rpartition(".")
            parts = holder.split(".")
            endless = parts.count(name) > 1 or len(parts) > _LONGEST_PATH
            kind = "=" + (holder if endless else path)
        elif path in self.library.complete:
            self.look_back(self.library.complete[path])
        return plain(kind)

    def collect(self, kind: str, values: list[Value]) -> Value:
        made = self.fresh(frozenset((kind,)), frozenset(t for v in values for t in v.types))
        regions = frozenset().union(*(v.regions for v in values))
        self.heap.union(made.regions | regions)
        return made

    def tuple_of(self, parts: list[Value], known: bool = True) -> Value:
        """A tuple never changes: it reaches what its parts reach, they stay apart."""
        types = frozenset(t for p in parts for t in p.types)
        regions = frozenset((self.heap.new(types),)).union(*(p.regions for p in parts))
        return Value(regions, frozenset(("tuple",)), parts=tuple(parts) if known else None)

    def draws_without(self, seed: Value | None) -> bool:
        """Is numpy's global generator used, with this random_state?"""
        if seed is None or seed.const is None:
            return True
        return not seed.types <= {"int", "number", "Generator", "RandomState"}
