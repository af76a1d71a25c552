"""What `globals()` gives, used as a dict: with a literal key it is a name, else a barrier."""

from __future__ import annotations

import ast

from .parts import NONE, Arguments, Parts
from .values import NOTHING, Value, constant, join_all, plain

NAMESPACE = plain("namespace")
MAIN = "=__main__"  # the module whose attributes are the notebook's names


def is_namespace(value: Value) -> bool:
    return "namespace" in value.types


def give_up(walk: Parts) -> Value:
    walk.barrier("the namespace itself is used", opaque=True)
    return walk.everything()


def item(walk: Parts, key: Value, node: ast.AST) -> Value:
    """`globals()[key]`"""
    if not isinstance(key.const, str):
        return give_up(walk)
    return walk.load_global(key.const, node)


def set_item(walk: Parts, key: Value, value: Value, node: ast.AST) -> None:
    if isinstance(key.const, str):
        walk.bind_global(key.const, value, node)
    else:
        give_up(walk)


def delete_item(walk: Parts, key: Value, node: ast.AST) -> None:
    if isinstance(key.const, str):
        walk.unbind_global(key.const, node)
    else:
        give_up(walk)


def contains(walk: Parts, key: Value, node: ast.AST) -> Value:
    """`key in globals()`: whoever may set or delete the name comes before."""
    item(walk, key, node)
    return plain("bool")


def method(walk: Parts, name: str, args: Arguments, node: ast.AST) -> Value:
    key = args.get(0) or NOTHING
    known = isinstance(key.const, str)
    if name == "get" and known:
        return join_all([item(walk, key, node), *args.positional[1:], NONE])
    if name == "__contains__" and known:
        return contains(walk, key, node)
    if name == "__getitem__":
        return item(walk, key, node)
    if name == "__setitem__" and len(args.positional) == 2:
        set_item(walk, key, args.positional[1], node)
        return NONE
    if name == "setdefault" and known:
        old = item(walk, key, node)
        walk.maybe += 1
        set_item(walk, key, join_all([old, *args.positional[1:]]), node)
        walk.maybe -= 1
        return join_all([old, *args.positional[1:]])
    if name == "pop" and known:
        old = item(walk, key, node)
        walk.maybe += 1
        delete_item(walk, key, node)
        walk.maybe -= 1
        return join_all([old, *args.positional[1:]])
    if name == "update" and not args.positional and not args.stars:
        for word, value in args.keywords.items():
            set_item(walk, constant(word), value, node)
        return NONE
    return give_up(walk)
