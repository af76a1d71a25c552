# ruff: noqa: E501 (one cell a line)
"""Cases as in `cases`, for what a model of workers cannot run: classes of classes, the process."""

from __future__ import annotations

from .cases import Case

META = "log = []\nclass M(type):\n"

CONSTRUCT_CASES: list[Case] = [
    # Code that runs where no call is seen
    (
        "a class pattern asks the metaclass",
        [
            META + "    def __instancecheck__(c, o):\n        log.append(1)\n        return True",
            "class P(metaclass=M): pass",
            "match 3:\n    case P(): pass",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "isinstance asks the metaclass",
        [
            META + "    def __instancecheck__(c, o):\n        log.append(1)\n        return True",
            "class P(metaclass=M): pass",
            "isinstance(3, P)",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a metaclass makes classes",
        [
            META
            + "    def __new__(m, *a):\n        log.append(1)\n        return super().__new__(m, *a)",
            "class A(metaclass=M): pass",
            "class B(A): pass",
            "print(log)",
        ],
        {"edges": [(1, 2), (2, 3)]},
    ),
    (
        "a metaclass makes instances",
        [
            META
            + "    def __call__(c, *a):\n        log.append(1)\n        return super().__call__(*a)",
            "class A(metaclass=M): pass",
            "a = A()",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "__getattr__ runs",
        [
            "log = []\nclass A:\n    def __getattr__(s, n): return log.append(n)",
            "a = A()",
            "a.foo",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "__getattribute__ runs",
        [
            "log = []\nclass A:\n    def __getattribute__(s, n): return log.append(n)",
            "a = A()",
            "a.foo",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "__init_subclass__ of a grandparent",
        [
            "log = []\nclass A:\n    def __init_subclass__(cls): log.append(1)",
            "class B(A): pass",
            "class C(B): pass",
            "print(log)",
        ],
        {"edges": [(1, 2), (2, 3)]},
    ),
    (
        "a key's hash",
        [
            "log = []\nclass A:\n    def __hash__(s): return log.append(1) or 1",
            "a = A()",
            "d = {a: 1}",
            "s = {a}",
            "d[a]",
            "d[a] = 2",
            "print(log)",
        ],
        {"edges": [(2, 3), (3, 4), (4, 5), (5, 6)]},
    ),
    (
        "an object ends with its name",
        ["log = []\nclass A:\n    def __del__(s): log.append(1)", "a = A()", "del a", "print(log)"],
        {"edges": [(2, 3)], "unshippable": [1]},
    ),
    (
        "an object ends when its name is bound again",
        [
            "log = []\nclass A:\n    def __del__(s): log.append(1)",
            "a = A()",
            "a = None",
            "print(log)",
        ],
        {"edges": [(2, 3)], "unshippable": [1]},
    ),
    (
        "an object ends when its list is cleared",
        [
            "log = []\nclass A:\n    def __del__(s): log.append(1)",
            "a = [A()]",
            "a.clear()",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a generator that ends cleans up",
        [
            "log = []\ndef g():\n    try:\n        yield 1\n    finally:\n        log.append(1)",
            "c = g()\nnext(c)",
            "del c",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a cached property",
        [
            "from functools import cached_property\nlog = []\nclass A:\n    @cached_property\n    def p(s): return log.append(1)",
            "a = A()",
            "a.p",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "an overridden append",
        [
            "log = []\nclass L(list):\n    def append(s, v): log.append(v)",
            "l = L()",
            "l.append(1)",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "copying runs __deepcopy__",
        [
            "import copy\nlog = []\nclass A:\n    def __deepcopy__(s, m): return log.append(1)",
            "a = A()",
            "copy.deepcopy(a)",
            "print(log)",
        ],
        {"edges": [(2, 3)]},
    ),
    (
        "a weak reference stays",
        ["import weakref\nclass A: pass\na = A()", "r = weakref.ref(a)"],
        {"unshippable": [1]},
    ),
    (
        "a view of a dict stays",
        ["from types import MappingProxyType\nd = {}", "m = MappingProxyType(d)"],
        {"unshippable": [1]},
    ),
]
