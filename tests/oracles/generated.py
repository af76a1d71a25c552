# ruff: noqa: E501 (one statement a line)
"""Random notebooks: statements over a few names that share objects and process state."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.dataflow.generated import _STATEMENTS as OBJECTS

from .corpus import CorpusCell
from .kernels import Kernels
from .orders import in_order

_ARRAYS = [
    "{u} = np.arange({n} + 3.0)",
    "{u} = {v}[1:]",
    "{u} = {v}[::2] if {v}.ndim == 1 else {v}.T",
    "{u} = {v}.reshape(-1)",
    "{u} = {v}.reshape(-1, 1)",
    "{u} = {v} * 2",
    "{u} = {v}[{v} > 1]",
    "{u} = {v}.copy()",
    "{u} = np.asarray({v})",
    "{u}[0] = {n}",
    "{u} += {n}",
    "{u}.sort(axis=0)",
    "{u}.fill({n})",
    "np.put({u}, [0], [{n}])",
    "np.add({u}, 1, out={u})",
    "{a} = [{u}, {v}]",
    "{u} = np.concatenate([{u}.ravel(), {v}.ravel()])",
    "{u} = np.array([{b}, None], dtype=object)[:1] if False else {v}",
    "print({u}.sum(), {v}.shape)",
    "print({u})",
]
_FRAMES = [
    "{p} = pd.DataFrame({{'x': {u}.ravel()[:3], 'y': range(len({u}.ravel()[:3]))}})",
    "{p} = {q}",
    "{p} = {q}.copy()",
    "{p} = {q}[['x']]",
    "{p} = {q}.head(2)",
    "{u} = {p}['x'].to_numpy()",
    "{u} = {p}.values.astype(float)",
    "{p}['x'] = {n}",
    "{p}['z'] = {q}['x'] + 1",
    "{p}.loc[0, 'x'] = {n}",
    "{p}.iloc[0, 0] = {n} + 0.5",
    "{p}.rename(columns={{'x': 'x'}}, inplace=True)",
    "{p} = pd.concat([{p}, {q}], ignore_index=True)",
    "{p}.sort_values('x', inplace=True)",
    "{p}.attrs['k'] = {n}",
    "print({p}.attrs, {p}.shape)",
    "print({p})",
]
_CLASSES = [
    "@dataclass\nclass D:\n    got: list\n    own: list = field(default_factory=list)\n    def put(self, v):\n        self.got.append(v)\n        return self.own",
    "{a} = D({b})",
    "{a}.put({n})",
    "{a} = {b}.own",
    "{a} = {b}.got",
    "class E:\n    log = {a}\n    @property\n    def last(self):\n        self.log.append({n})\n        return self.log\n    def __enter__(self): return self.log\n    def __exit__(self, *e): self.log.append('x'); return True",
    "{a} = E()",
    "{a} = {b}.last",
    "with {a} as {b}:\n    {b}.append({n})\n    {b}.nope\n    {c} = [4]",
    "E.log = {a}",
    "def outer(k):\n    held = {a}\n    def inner():\n        nonlocal held\n        held = held + [k]\n        return held\n    return inner",
    "{a} = outer({n})",
    "{a} = {b}()",
    "print({a}())",
]
_PROCESS = [
    "np.set_printoptions(precision={n})",
    "pd.set_option('display.precision', {n})",
    "pd.options.display.max_rows = {n} + 4",
    "os.environ['G'] = '{n}'",
    "print(os.environ.get('G'))",
    "print(np.array([1 / 3]), pd.Series([1 / 3]))",
    "with np.printoptions(precision=1):\n    print(np.array([2 / 3]))",
    "np.random.seed({n})",
    "print(np.random.rand())",
    "np.random.shuffle({u}.ravel())",
    "print(random.random())",
    "random.shuffle({a})",
    "random.seed({n})",
    "rng = np.random.default_rng({n})",
    "print(rng.random())",
    "{u} = rng.random(4)",
    "with open('f{m}.txt', 'a') as h:\n    h.write('{n}')",
    "with open('f{m}.txt', 'w') as h:\n    h.write('{n}')",
    "print(open('f{m}.txt').read() if os.path.exists('f{m}.txt') else None)",
    "math.extra = {n}",
    "print(getattr(math, 'extra', None))",
    "decimal.getcontext().prec = {n} + 2",
    "print(decimal.Decimal(1) / 7)",
    "gen = (z for z in {a})",
    "print(next(gen, None))",
    "warnings.simplefilter('{w}')",
    "print(len(warnings.filters))",
]
_OURS = [s for s in OBJECTS if "fakeconf" not in s]
START = CorpusCell(
    "import decimal, math, os, random, warnings\n"
    "from contextlib import suppress\nfrom dataclasses import dataclass, field\n"
    "import numpy as np\nimport pandas as pd\n"
    "random.seed(1); np.random.seed(1); rng = np.random.default_rng(1)"
)
VALUES = CorpusCell(
    "a = [1]; b = [2]; c = {'k': [3]}; d = (a, b)\nu = np.arange(6.0); v = u[2:]\n"
    "p = pd.DataFrame({'x': [1.5, 2.5], 'y': [3, 4]}); q = p; gen = iter(a)"
)
END = [
    CorpusCell("print(a)\nprint(b)"),
    CorpusCell("print(c, d)"),
    CorpusCell("print(u, v)\nprint(p)\nprint(q)"),
]


@st.composite
def statements(draw: st.DrawFn) -> str:
    family = draw(st.sampled_from((_OURS, _OURS, _ARRAYS, _FRAMES, _CLASSES, _PROCESS, _PROCESS)))
    names = {key: draw(st.sampled_from("abcd")) for key in "abc"}
    names |= {key: draw(st.sampled_from("uv")) for key in "uv"}
    names |= {key: draw(st.sampled_from("pq")) for key in "pq"}
    numbers = {"n": draw(st.integers(0, 9)), "m": draw(st.integers(0, 1))}
    word = draw(st.sampled_from(("ignore", "always", "error")))
    return draw(st.sampled_from(family)).format(**names, **numbers, w=word)


def drafts() -> st.SearchStrategy[list[str]]:
    """Cells between the first two and the last ones."""
    cell = st.lists(statements(), min_size=1, max_size=3).map("\n".join)
    return st.lists(cell, min_size=4, max_size=10)


def runnable(draft: Sequence[str], kernels: Kernels, preload: Sequence[str]) -> list[CorpusCell]:
    """The draft without the cells that fail, but for the first one: it is tagged so."""
    failing = frozenset(("raises-exception",))
    cells = [START, VALUES, *(CorpusCell(source) for source in draft), *END]
    kept = False
    while True:
        tried = [CorpusCell(c.source, failing) for c in cells]
        failed = sorted(int(name[1:]) for name in in_order(tried, kernels, preload).failed)
        failed = [n for n in failed if not cells[n].tags]
        if not failed:
            return cells
        if kept or failed[0] >= len(cells) - len(END):
            del cells[failed[0]]
        else:
            cells[failed[0]] = CorpusCell(cells[failed[0]].source, failing)
            kept = True
