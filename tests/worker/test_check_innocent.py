"""Cells that do nothing out of the way: the check says nothing of them, lest they run again."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio
from book import Book
from peer import Peer, Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(module_server: Server, zipapp: Path) -> Peer:
    return module_server.worker(zipapp, preload=["numpy", "pandas", "matplotlib.pyplot"])


MADE = """
import numpy as np
import pandas as pd
x = [3, 1, 2]
d = {"x": x}
a = np.arange(200_000.)
df = pd.DataFrame({"n": [1, 2, 3], "s": ["a", "b", "a"], "f": [1.0, None, 3.0]})
df["later"] = 1.5
df["latest"] = "t"
class C:
    def __init__(self): self.v = 1
    @property
    def w(self): return self.v
c = C()
def f(a: int, b: str = "") -> None: "doc"
"""

INNOCENT = {
    "imports": "import pandas, scipy.stats, matplotlib.pyplot, logging.handlers, json, xml.dom",
    "learning": "from sklearn.linear_model import LinearRegression\n"
    "LinearRegression().fit(a[:100].reshape(-1, 1), a[:100]).score(a[:10].reshape(-1, 1), a[:10])",
    "data of a library": "from sklearn.datasets import load_iris\nload_iris().data.sum()",
    "a picture": "import matplotlib.pyplot as plt\nplt.plot(x)\nplt.title('t')\nplt.show()",
    "a picture of a frame": "df.plot();",
    "methods by computed names": "getattr(x, 'cou' + 'nt')(1); getattr(df, 'de' + 'scribe')()",
    "frames": "df.groupby('s')['n'].sum(), df.merge(df, on='n'), df.sort_values('f'), df.T",
    "frames, cached": "df.n, df.index.is_unique, df.columns.get_loc('s'), df.dtypes; df.info()",
    "a frame shown": "df",
    "arrays": "a.sum(), a[::2].mean(), np.sort(a)[:3], a.reshape(2, -1).T, (a * 2).max()",
    "containers": "sorted(x), x[:], list(reversed(x)), dict(d), {**d}, x == [1], hash(tuple(x))",
    "objects": "c.w, c.v, vars(c), repr(c), isinstance(c, C), C.__mro__, C.__subclasses__()",
    "functions": "import inspect, typing\ninspect.signature(f), typing.get_type_hints(f)\n"
    "f.__doc__, inspect.getsource(f), f.__code__.co_varnames, C.__init__.__annotations__",
    "logging": "import logging\nlog = logging.getLogger('mine')\nlog.warning('%s', 1)",
    "warnings": "import warnings\nwarnings.warn('careful')\n"
    "with warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    warnings.warn('no')",
    "contexts": "import decimal, contextlib, io\n"
    "with pd.option_context('display.max_rows', 2), np.errstate(all='ignore'):\n    str(df)\n"
    "with decimal.localcontext() as k:\n    k.prec = 4\n"
    "with contextlib.redirect_stdout(io.StringIO()): print(1)",
    "classes": "import dataclasses, collections, enum, abc\n"
    "@dataclasses.dataclass\nclass D:\n    n: int = 0\n"
    "N = collections.namedtuple('N', 'a b')\nclass E(enum.Enum):\n    A = 1\nD(1), N(1, 2), E.A",
    "pickle": "import pickle, copy\npickle.loads(pickle.dumps((x, c, df))), copy.deepcopy(d)",
    "threads": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(2) as pool: list(pool.map(len, [x, d]))",
    "joblib": "import joblib\njoblib.Parallel(2)(joblib.delayed(abs)(i) for i in range(4))",
    "processes": "import multiprocessing\n"
    "with multiprocessing.get_context('fork').Pool(2) as p: p.map(abs, [1, 2])",
    "temporary files": "import tempfile, os\nwith tempfile.TemporaryDirectory() as t:\n"
    "    p = os.path.join(t, 'f')\n    open(p, 'w').write('1')\n    open(p).read()",
    "timing": "%timeit -n1 -r1 sum(x)",
    "its own generators": "import random\n"
    "random.Random(1).random(), np.random.default_rng(1).random()",
    "an error": "try:\n    x.nothing\nexcept AttributeError as error:\n    print(error)",
    "awaiting": "import asyncio\nawait asyncio.sleep(0)",
    "text": "import re, json, datetime, string\nre.findall('a', 'aa'), json.dumps(x)\n"
    "datetime.datetime(2020, 1, 1).strftime('%A'), string.Template('$a').substitute(a=1)",
    "looking around": "import os, sys\nos.getcwd(), os.environ.get('HOME'), sys.argv, sys.version",
    "namespaces": "len(dir()), 'x' in globals(), len(vars())",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made(worker: Peer) -> Book:
    book = Book(worker)
    await book.run(MADE, exports=None)
    return book


@pytest.mark.parametrize("name", INNOCENT)
async def test_innocent(worker: Peer, made: Book, name: str) -> None:
    book = made.copy()
    kernel = f"innocent {name}"
    found = await book.effects(INNOCENT[name], kernel=kernel, exports=None, keep=False)
    if "sklearn" in INNOCENT[name]:
        # rich, which it imports, draws from the generator then: so it is in a new process.
        for kind in ("random", "drawn"):
            assert found.pop(kind, ["<random>"]) == ["<random>"]
    assert found == {}


async def test_imports_are_no_change(module_server: Server, zipapp: Path) -> None:
    """In a process of its own, where importing a library does what it does."""
    book = Book(module_server.worker(zipapp, env={"DOSSIER_WORKER_FORK": "0"}))
    for name in ("imports", "a picture"):
        assert await book.effects(f"x = [1, 2]\n{INNOCENT[name]}", kernel="k", exports=None) == {}
