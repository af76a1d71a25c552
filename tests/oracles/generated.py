# ruff: noqa: E501 (one statement a line)
"""Random notebooks: statements over a few names that share objects and process state."""

from __future__ import annotations

import signal
from collections.abc import Sequence

from hypothesis import strategies as st

from tests.dataflow import oracle as model
from tests.dataflow.generated import ERROR
from tests.dataflow.generated import STATEMENTS as OBJECTS

from .corpus import CorpusCell
from .kernels import Kernels
from .orders import Ran, in_order

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
_OBJECTS = [
    "{a} = {{**{b}}} if isinstance({b}, dict) else {{'k': {b}}}",
    "{a}.setdefault('k', {b})",
    "{a}.update(k={b})",
    "{a} |= {{'m': {b}}}",
    "{a} = {b}.get('k', {c})",
    "{a} = {b}.pop('k', {c})",
    "{a} = [*{b}.values()]",
    "{a}.insert(0, {b})",
    "{a}.reverse()",
    "{a}[:] = [{b}]",
    "{a}[:1] = []",
    "del {a}[0]",
    "{a}.clear()",
    "{a} = {b}.pop()",
    "{a} = copy.copy({b})",
    "{a} = copy.deepcopy({b})",
    "{a} = partial(h, {b})",
    "{a} = partial(list.append, {b})",
    "{a}({n})",
    "{a} = {b}.append",
    "{a} = deque({b}, maxlen=3)",
    "{a} = defaultdict(list, k={b})",
    "{a}['z'].append({n})",
    "{a} = zip({b}, {c})",
    "{a} = enumerate({b})",
    "{a} = itertools.chain({b}, {c})",
    "{a} = itertools.chain({b}, {b})",
    "{a} = list(itertools.islice({b}, 2))",
    "{a} = reversed({b}) if isinstance({b}, list) else {b}",
    "{a} = filter(None, {b})",
    "{a} = reduce(lambda q, z: q, [{b}, {c}])",
    "{a} = next(iter({b}), {c})",
    "heapq.heappush({a}, {n})",
    "bisect.insort({a}, {n})",
    "random.shuffle({a})",
    "{a}, *{b} = {c}",
    "({a}, {b}), {c} = ({b}, [{n}]), {a}",
    "while len({a}) < 3:\n    {a}.append({b})\nelse:\n    {c} = {a}",
    "try:\n    {a} = [{n}]\nfinally:\n    {b}.append({n})",
    "if (w := {a}):\n    w.append({n})",
    "for {a}[0] in [{b}]: pass",
    "class F:\n    def __init__(self): self.got = {a}\n    def __iadd__(self, o):\n        self.got.append(o)\n        return self\n    def __add__(self, o):\n        {b}.append(o)\n        return {c}\n    def __eq__(self, o):\n        self.got.append('eq')\n        return True\n    def __len__(self): return len(self.got)\n    def __getattr__(self, n):\n        if n[0] == '_': raise AttributeError(n)\n        return {a}\n    def __call__(self, x): self.got.append(x); return self.got\n    def __getitem__(self, i): return self.got[i]\n    def __setitem__(self, i, x): {b}.append(x)\n    @classmethod\n    def make(cls, x):\n        cls.last = x\n        return cls()\n    @staticmethod\n    def put(x): {c}.append({n})",
    "{a} = F()",
    "{a} += [0] if hasattr({b}, '__next__') else {b}",
    "{a} = {b} + {c}",
    "print({a} == {b})",
    "{a} = {b}.zork",
    "{a} = F.make({b})",
    "F.put({n})",
    "print(getattr(F, 'last', None))",
    "class G(F):\n    def __init__(self, x={a}):\n        super().__init__()\n        self.more = x\n    def __call__(self, x):\n        return super().__call__(x) or self.more",
    "{a} = G()",
    "{a} = G({b})",
    "{a} = {b}.more",
    "F.__call__ = lambda self, x: {a}.append(x)",
    "setattr({a}, 'x', {b})",
    "{a} = getattr({b}, 'x', {c})",
    "{a} = vars({b})",
    "{a}.__dict__.update(x={b})",
    "{a}.x.append({n})",
    "def k(*args, **more):\n    for x in args:\n        x.append({n})\n    more['q'] = args\n    return more",
    "{a} = k({b}, z={c})",
    "{a} = k(*{b})",
    "def t(x, depth={n}):\n    if depth <= 0:\n        return {a}\n    x.append(depth)\n    return t(x, depth - 3)",
    "{a} = t({b})",
    "def s():\n    def inner(z):\n        global {a}\n        {a} = z\n    return inner",
    "s()({b})",
    "def y():\n    got = yield {a}\n    for _ in range(3):\n        got = yield {b}.append(got)",
    "{a} = y()",
    "next({a})",
    "{a}.send({n})",
    "@contextmanager\ndef cm():\n    {a}.append('in')\n    yield {b}\n    {a}.append('out')",
    "with cm() as {a}:\n    {c} = {a}",
    "@wraps(h)\ndef wr(x):\n    {a}.append({n})\n    return h(x)",
    "{a} = wr({b})",
    "{a} = {{len(z) if isinstance(z, list) else 0 for z in {b}}}",
    "{a} = {{i: z for i, z in enumerate({b})}}",
    "{a} = (z for z in {b})",
    "{a} = sum([[z] for z in {b}], [])",
    "{a} = min({b}, {c}, key=len) if {a} is {b} else max([{b}], default={c})",
    "{a}.sort(key=lambda z: {b}.append({n}) or 0)",
    "{a} = list(map({b}.append, [1, 2]))",
    "{a} = P2({b}, {c})",
    "{a} = {b}.left",
    "{a} = {b}._replace(left={c})",
    "print(f'{{{a}!r:.30}} {{len({b})}}')",
    "assert {a}, {b}",
    "print({a} is {b})",
    "globals()['{a}'] = {b}",
    "eval('{a}.append({n})')",
    "{a} = ChainMap({{'k': {b}}}, {{'m': {c}}})",
    "{a} = Counter(type(z).__name__ for z in {b})",
    "{a} = {b}, (lambda v={c}: v)",
    "{a} = {b}[1]()",
    "{a} = {b}[-1]",
    "{a} = {b}['k']",
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
    # Not `print(len(warnings.filters))`: such a cell needs a run without preloaded libraries, which
    # only an engine decides (`process-warning-filters` is run by one).
]
_OURS = [s for s in OBJECTS if "fakeconf" not in s]
_START = (
    "import bisect, copy, decimal, heapq, itertools, math, os, random, warnings\n"
    "from collections import ChainMap, Counter, defaultdict, deque, namedtuple\n"
    "from contextlib import contextmanager, suppress\n"
    "from dataclasses import dataclass, field\n"
    "from functools import lru_cache, partial, reduce, singledispatch, wraps\n"
    "P2 = namedtuple('P2', 'left right')\n"
)
_VALUES = "a = [1]; b = [2]; c = {'k': [3]}; d = (a, b)\n"
START = CorpusCell(
    _START + "import numpy as np\nimport pandas as pd\n"
    "random.seed(1); np.random.seed(1); rng = np.random.default_rng(1)"
)
VALUES = CorpusCell(
    _VALUES + "u = np.arange(6.0); v = u[2:]\n"
    "p = pd.DataFrame({'x': [1.5, 2.5], 'y': [3, 4]}); q = p; gen = iter(a)"
)
END = [
    CorpusCell("print(a)\nprint(b)"),
    CorpusCell("print(c, d)"),
    CorpusCell("print(u, v)\nprint(p)\nprint(q)"),
]


IN_MODEL = (OBJECTS, OBJECTS, _OBJECTS, _OBJECTS, _CLASSES)
IN_KERNELS = (_OURS, _OBJECTS, _ARRAYS, _FRAMES, _CLASSES, _PROCESS, _PROCESS)


@st.composite
def statements(draw: st.DrawFn, families: Sequence[list[str]]) -> str:
    names = {key: draw(st.sampled_from("abcd")) for key in "abc"}
    numbers = {"n": draw(st.integers(0, 9)), "m": draw(st.integers(0, 1))}
    statement = draw(st.sampled_from(draw(st.sampled_from(families))))
    for two in ("uv", "pq"):
        names |= {key: draw(st.sampled_from(two)) for key in two if f"{{{key}}}" in statement}
    word = draw(st.sampled_from(("ignore", "always", "error"))) if "{w}" in statement else ""
    return statement.format(**names, **numbers, w=word)


def drafts(families: Sequence[list[str]]) -> st.SearchStrategy[list[str]]:
    """Cells between the first ones and the last ones; those that fail are taken out later."""
    cell = st.lists(statements(families), min_size=1, max_size=2).map("\n".join)
    return st.lists(cell, min_size=7, max_size=14)


def _stop(*_: object) -> None:
    raise TimeoutError("the cell does not come to an end")


def in_model(draft: Sequence[str]) -> list[str]:
    """The draft as a notebook for the model of workers, without the cells that fail."""
    signal.signal(signal.SIGVTALRM, _stop)
    cells = [_START + _VALUES, *draft, *(c.source for c in END[:2])]
    while True:
        signal.setitimer(signal.ITIMER_VIRTUAL, 2)
        try:
            texts = model.in_order(cells)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        failed = [n for n, text in enumerate(texts) if ERROR.search(text)]
        if not failed:
            return cells
        del cells[failed[0]]


def runnable(
    draft: Sequence[str], kernels: Kernels, preload: Sequence[str]
) -> tuple[list[CorpusCell], Ran]:
    """The draft without the cells that fail, but for the first one, which is tagged so; its run."""
    failing = frozenset(("raises-exception",))
    cells = [START, VALUES, *(CorpusCell(source) for source in draft), *END]
    kept: CorpusCell | None = None
    while True:
        tried = [CorpusCell(c.source, failing) for c in cells]
        ran = in_order(tried, kernels, preload)
        failed = [cells[int(name[1:])] for name in ran.failed]
        if kept is None and failed and failed[0] not in END:
            kept = CorpusCell(failed[0].source, failing)
            cells[cells.index(failed.pop(0))] = kept
        elif kept in failed:
            failed.remove(kept)
        if not failed:
            return cells, ran
        cells = [c for c in cells if not any(c is gone for gone in failed)]
