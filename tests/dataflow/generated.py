# ruff: noqa: E501 (one statement a line)
"""Random notebooks: statements over four names that share objects in every way there is."""

from __future__ import annotations

import random
import re

from . import oracle

STATEMENTS = [
    "{a} = [1, 2]",
    "{a} = {b}",
    "{a}.append({n})",
    "{a} = [{b}, {n}]",
    "{a} = {{'k': {b}}}",
    "print({a})",
    "{a} = {b}[:]",
    "{a}.extend({b}) if isinstance({a}, list) and isinstance({b}, list) else None",
    "def f(x={a}):\n    return x",
    "{a} = f()",
    "{a} = f({b})",
    "def g():\n    global {a}\n    {a} = {b}",
    "g()",
    "def h(x):\n    x.append({n}); return {b}",
    "{a} = h({b})",
    "for {a} in [{b}, [3]]:\n    pass",
    "if {n} > 4:\n    {a} = {b}",
    "try:\n    {a} = [7]\n    {b}.append({n})\n    {b}.foo\nexcept Exception:\n    {c} = {a}",
    "del {a}",
    "{a}, {c} = {b}, {a}",
    "{a} = list({b}) if isinstance({b}, list) else {b}",
    "{a} = (lambda: {b})",
    "{a} = {b}() if callable({b}) else [9]",
    "{a} = iter({b}) if isinstance({b}, list) else {b}",
    "print(next({a})) if hasattr({a}, '__next__') else None",
    "{a} += [{n}]",
    "class C:\n    items = {a}\n    def __init__(self, x): self.x = x\n    def add(self, v): self.x.append(v); C.items = {b}; return self",
    "{a} = C({b})",
    "{a}.add({n})",
    "{a} = {b}.x",
    "C.items.append({n})",
    "{a} = [y for y in {b}]",
    "{a} = [{b} for _ in range(2)]",
    "for _k in range(3):\n    {a} = {b}\n    if {n} > 2: break\n    {b} = [5]",
    "{a} = max({b}, key=lambda z: type(z).__name__)",
    "{a} = dict(k={b})",
    "{a}['k'].append({n})",
    "{a}[0] = {b}",
    "{a} = {b}[0]",
    "{a} = sorted({b}, key=lambda z: type(z).__name__)",
    "{a} = {b}.copy()",
    "{a} = ({b}, {c})",
    "{a} = {b} or {c}",
    "{a} = {b} if {n} > 4 else {c}",
    "with suppress(Exception):\n    {a} = [8]\n    {b}.boo\n    {c} = [8]",
    "(lambda q: q.append({n}))({a})",
    "def mk():\n    s = {a}\n    def add(v):\n        s.append(v)\n        return s\n    return add",
    "{a} = mk()",
    "print({a}({n}))",
    "import random\nprint(random.randint(0, 99))",
    "import random\nrandom.seed({n})",
    "def gen():\n    yield {a}\n    {b}.append({n})\n    yield 2",
    "{a} = gen()",
    "print(list({a}))",
    "match {a}:\n    case [x, *{b}]: pass\n    case {c}: pass",
    "{a} = [q := {b}, 1]",
    "import fakeconf\nfakeconf.v = {n}",
    "import fakeconf\nprint(getattr(fakeconf, 'v', None))",
    "import fakeconf\nfakeconf.v = {a}",
    "exec(''.join(['{a} = {b}']))",
    "f.cache = {a}",
    "print(f.cache)",
    "{a} = list(map(f, {b}))",
    "{a} = list(map(lambda z: {b}, [1]))",
    "def deco(fn):\n    calls = {a}\n    def inner(*args):\n        calls.append({n})\n        return fn(*args)\n    return inner",
    "@deco\ndef f(x=None):\n    return {b}",
    "{a} = {{**{{'z': {b}}}}}",
    "{a} = [*{b}, 3]",
    "[{a}.append(i) for i in range(2)]",
    "any({a}.append(i) for i in range(2))",
]
ERROR = re.compile(r"^\w*(Error|Exception|StopIteration)\b", re.M)


def notebook(seed: int) -> list[str]:
    """Cells that run without an error, the last ones show every name."""
    rng = random.Random(seed)
    cells = [
        "from contextlib import suppress\na = [1]; b = [2]; c = {'k': [3]}; d = (a, b)",
    ]
    for _ in range(rng.randint(4, 9)):
        lines = []
        for _ in range(rng.randint(1, 2)):
            a, b, c = (rng.choice("abcd") for _ in range(3))
            statement = rng.choice(STATEMENTS)
            lines.append(statement.format(a=a, b=b, c=c, n=rng.randint(0, 9)))
        cells.append("\n".join(lines))
    cells += ["print(a)\nprint(b)", "print(c, d)"]
    while True:
        failed = [n for n, text in enumerate(oracle.in_order(cells)) if ERROR.search(text)]
        if not failed:
            return cells
        del cells[failed[0]]
