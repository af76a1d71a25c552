"""Cells built to fool the analysis: the check tells what they did. Nothing is predicted here."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from book import Book
from peer import Peer, Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(module_server: Server, zipapp: Path) -> Peer:
    return module_server.worker(zipapp, preload=["numpy", "pandas"])


MADE = """
import collections, functools, random
import numpy as np
import pandas as pd
x = [1]
nested = {"x": x, "y": {"deep": (x, [2])}}
bag = {1, 2}
line = collections.deque([1, 2])
raw = bytearray(b"abc")
small = np.arange(10.)
view = small[2:5]
big = np.zeros(400_000)
objects = np.array([x, "a"], dtype=object)
df = pd.DataFrame({"n": [1, 2, 3], "s": ["a", "b", "c"], "o": [1, "x", None], "f": [1.0, 2.0, 3.0]})
wide = pd.DataFrame(np.zeros((20_000, 10)))
col = pd.Series([1.0, 2.0], name="col")
kept = {"frame": pd.DataFrame({"k": [1]})}
class C:
    shared = []
    def __init__(self): self.v = 1
class S:
    __slots__ = ("a",)
c = C(); s = S(); s.a = [1]
def counter():
    n = 0
    def step():
        nonlocal n
        n += 1
        return n
    return step
step = counter()
def defaults(a=[]): a.append(1)
rng = np.random.default_rng(3)
dice = random.Random(4)
old = np.random.RandomState(5)
part = functools.partial(print, end="")
it = iter([1, 2, 3])
"""

# What is done to values by roundabout ways -> the names whose content is told to have changed.
CHANGES: dict[str, tuple[str, ...]] = {
    "getattr(x, 'app' + 'end')(2)": ("nested", "objects", "x"),
    "nested['y']['deep'][1][0] = 5": ("nested",),
    "(lambda o: o.__class__.add(o, 9))(bag)": ("bag",),
    "line.rotate(1)": ("line",),
    "memoryview(raw)[0] = 0": ("raw",),
    "np.frombuffer(memoryview(small))[1:][2] = 8": ("small", "view"),
    "np.lib.stride_tricks.as_strided(big, (1,))[0] = 1": ("big",),
    "objects.flat[1] = 'b'": ("objects",),
    "df.values; df.__setitem__('n', [3, 2, 1])": ("df",),
    "df.iloc[0, 1] = 'z'": ("df",),
    "df.iat[0, 2] = 7": ("df",),
    "getattr(df, 'in' + 'sert')(0, 'new', 1)": ("df",),
    "df.index.name = 'i'": ("df",),
    "df.attrs['k'] = 1": ("df",),
    "wide._mgr.blocks[0].values[3, 19_000] = 5": ("wide",),
    "col.iloc[1] = 9": ("col",),
    "col.name = 'other'": ("col",),
    "kept['frame'].drop(columns='k', inplace=True)": ("kept",),
    "vars(c)['v'] = 2": ("c",),
    "s.a = 4": ("s",),
    "setattr(type(c), 'new', 1)": ("C", "c"),
    "c.shared.append(1)": ("C", "c"),
    "step()": ("step",),
    "defaults()": ("defaults",),
    "counter.note = 1": ("counter",),
    "rng.random()": ("rng",),
    "dice.random()": ("dice",),
    "old.rand()": ("old",),
    "part.keywords['end'] = 'x'": ("part",),
    "next(it)": ("it",),
    "small.shape = (2, 5)": ("small", "view"),
    "small.flags.writeable = False": ("small", "view"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made(worker: Peer) -> Book:
    book = Book(worker)
    await book.run(MADE, exports=None)
    return book


@pytest.mark.parametrize("code", CHANGES)
async def test_content(made: Book, code: str) -> None:
    found = await made.copy().effects(code, keep=False)
    assert found.pop("changed", []) == list(CHANGES[code])
    assert found == {}


# (cells before it in the same worker kernel, the cell, what is told)
FOOLED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a helper's module": (
        "x = [1]\nopen('helper_a.py', 'w').write('def go(o): o.append(1)')",
        "import helper_a\nhelper_a.go(x)",
        {"changed": ["x"], "bound": ["helper_a"], "read": ["helper_a.py"]},
    ),
    "state of a helper's module": (
        "open('helper_b.py', 'w').write('n = 0\\ndef go():\\n    global n\\n    n += 1')\n"
        "import helper_b",
        "helper_b.go()",
        {"process": ["helper_b.n"]},
    ),
    "memory by its address": (
        "import ctypes, numpy as np\na = np.zeros(100_000)\nat = a.ctypes.data",
        "ctypes.memset(at, 1, 8)",
        {"changed": ["a"], "hidden": ["ctypes"]},
    ),
    "objects by the garbage collector": (
        "import gc\nx = ['needle']",
        "[o for o in gc.get_objects() if type(o) is list and o[:1] == ['nee' 'dle']][0].append(5)",
        {"changed": ["x"], "hidden": ["gc.get_objects"]},
    ),
    "referents": (
        "import gc\nx = ['needle']\nd = {'x': x}",
        "gc.get_referents(d)[-1].append(5)",
        {"changed": ["d", "x"], "hidden": ["gc.get_referents"]},
    ),
    "a frame": (
        "import sys\nx = [1]",
        "sys._getframe(0).f_globals['x'].append(5)",
        {"changed": ["x"], "hidden": ["sys._getframe"]},
    ),
    "a frame by inspect": (
        "import inspect\nx = [1]",
        "(lambda: inspect.currentframe().f_back.f_globals['x'].append(5))()",
        {"changed": ["x"], "hidden": ["sys._getframe"]},
    ),
    "a traceback's frame": (
        "x = [1]",
        "try: 1 / 0\nexcept Exception as e: e.__traceback__.tb_frame.f_globals['x'].pop()",
        {"changed": ["x"], "hidden": ["tb_frame"]},
    ),
    "a function's globals": (
        "def f(): pass",
        "f.__globals__['y'] = 1",
        {"bound": ["y"]},
    ),
    "a trace function": ("import sys", "sys.settrace(None)", {"hidden": ["sys.settrace"]}),
    "environment": (
        "",
        "getattr(__import__('o' + 's'), 'envi' + 'ron')['DOSSIER_TEST'] = '1'",
        {"process": ["os.environ['DOSSIER_TEST']"]},
    ),
    "working folder": (
        "",
        "__import__('o' + 's').chdir('/')",
        {"process": ["cwd"]},
    ),
    "a library's function": (
        "import pandas as pd",
        "setattr(pd, 're' + 'ad_csv', len)",
        {"process": ["pandas.read_csv"]},
    ),
    "a library's class": (
        "import pandas as pd",
        "setattr(pd.DataFrame, 'he' + 'ad', len)",
        {"process": ["pandas.DataFrame.head"]},
    ),
    "builtins": (
        "",
        "setattr(__import__('buil' + 'tins'), 'spam', 1)",
        {"process": ["builtins.spam"]},
    ),
    "options of pandas": (
        "import pandas as pd",
        "getattr(pd, 'set_' + 'option')('display.max_rows', 3)",
        {"process": ["pandas option display.max_rows"]},
    ),
    "options of numpy": (
        "import numpy as np",
        "getattr(np, 'set_' + 'printoptions')(precision=2); np.seterr(all='ignore');",
        {"process": ["numpy error state", "numpy print options"]},
    ),
    "parameters of matplotlib": (
        "import matplotlib",
        "getattr(matplotlib, 'r' + 'c')('lines', linewidth=7)",
        {"process": ["matplotlib rcParams['lines.linewidth']"]},
    ),
    "filters of warnings": (
        "import warnings",
        "getattr(warnings, 'simple' + 'filter')('ignore')",
        {"process": ["warnings filters"]},
    ),
    "sys": (
        "import sys",
        "getattr(sys, 'pa' + 'th').append('/nowhere'); sys.setrecursionlimit(2000)",
        {"process": ["recursion limit", "sys.path"]},
    ),
    "decimal": (
        "import decimal",
        "decimal.getcontext().prec = 5",
        {"process": ["decimal context"]},
    ),
    "logging": ("import logging", "logging.root.setLevel(10)", {"process": ["logging"]}),
    "signals": (
        "import signal",
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN);",
        {"process": ["signal SIGUSR1"]},
    ),
    "loaded modules": (
        "import sys, string",
        "del sys.modules['str' + 'ing']",
        {"process": ["sys.modules['string']"]},
    ),
    "a magic": (
        "",
        "get_ipython().register_magic_function(lambda line: 1, 'line', 'spam')",
        {"process": ["IPython line magics"]},
    ),
    "a formatter": (
        "class C: pass",
        "get_ipython().display_formatter.formatters['text/html'].for_type(C, str);",
        {"process": ["IPython formatter text/html"]},
    ),
    "an event": (
        "",
        "get_ipython().events.register('pre_execute', lambda: None)",
        {"process": ["IPython events"]},
    ),
    "a thread": (
        "import threading\ndef run(): threading.Event().wait()",
        "threading.Thread(target=run, daemon=True).start()",
        {"process": ["threads"]},
    ),
    "random": (
        "import random",
        "getattr(random, 'ran' + 'dom')();",
        {"random": ["<random>"], "drawn": ["<random>"]},
    ),
    "random by a copy": (
        "import random\nr = random.random",
        "r();",
        {"random": ["<random>"], "drawn": ["<random>"]},
    ),
    "numpy's random": (
        "import numpy as np",
        "getattr(np.random, 'se' + 'ed')(1)",
        {"random": ["<numpy.random>"], "drawn": ["<numpy.random>"]},
    ),
    "a file": (
        "",
        "__import__('pathlib').Path('a' + '.txt').write_text('1');",
        {"written": ["a.txt"]},
    ),
    "a folder": ("import os", "os.makedirs('new/sub'); os.rmdir('new/sub')",
                 {"written": ["new", "new/sub"]}),
    "a file read": (
        "open('b.txt', 'w').close()",
        "open('b' + '.txt').read(); __import__('os').listdir();",
        {"read": [".", "b.txt"]},
    ),
    "a file renamed": (
        "open('c.txt', 'w').close()\nimport os",
        "os.replace('c.txt', 'd.txt')",
        {"written": ["c.txt", "d.txt"]},
    ),
    "a file of a child process": (
        "import subprocess",
        "subprocess.run(['sh', '-c', 'echo hi > child.txt']);",
        {"spawned": ["echo"], "written": ["child.txt"], "noticed": ["child.txt"]},
    ),
    "a shell": (
        "",
        "!echo hi > shell.txt",
        {"spawned": ["shell"], "written": ["shell.txt"], "noticed": ["shell.txt"]},
    ),
    "a file of native code": (
        "import pyarrow",
        "with pyarrow.OSFile('native.bin', 'wb') as f: f.write(b'x' * 1000)",
        {"bound": ["f"], "written": ["native.bin"], "noticed": ["native.bin"]},
    ),
    "a file of native code beside a larger one that is appended to": (
        "import pyarrow\nopen('log.txt', 'w').write('x' * 100_000)",
        "open('log.txt', 'a').write('y')\n"
        "with pyarrow.OSFile('beside.bin', 'wb') as f: f.write(b'x' * 1000)",
        {"bound": ["f"], "read": ["log.txt"], "written": ["beside.bin", "log.txt"],
         "noticed": ["beside.bin"]},
    ),
    "a database": (
        "import sqlite3",
        "base = sqlite3.connect('base.db'); base.execute('create table t(x)'); base.close()",
        {"bound": ["base"], "read": ["base.db"], "written": ["base.db"]},
    ),
    "network": (
        "import socket",
        "try: socket.create_connection(('127.0.0.1', 9), 1)\nexcept OSError: pass",
        {"network": ["127.0.0.1:9"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOOLED)
async def test_fooled(worker: Peer, name: str) -> None:
    before, code, expected = FOOLED[name]
    book = Book(worker)
    kernel = f"fooled {name}"
    if before:
        await book.run(before, kernel=kernel, exports=None)
    found = await book.effects(code, kernel=kernel)
    assert found == expected


async def test_a_temporary_file_that_another_cell_made(worker: Peer) -> None:
    book = Book(worker)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x")
        await book.run(f"import os\np = {path!r}\nopen(p, 'w').close()", exports=["p", "os"])
        assert await book.effects("os.remove(p)") == {"written": [path]}
        assert await book.effects("open(p, 'w').close()\nos.remove(p)") == {}


async def test_two_cells_that_write_through_native_code_at_once(worker: Peer) -> None:
    """Neither misses its own file; one that may be either's counts for both."""
    large, small = Book(worker), Book(worker)
    for book, kernel in ((large, "large"), (small, "small")):
        await book.run("import os, time, pyarrow", kernel=kernel, exports=None)

    def write(name: str, size: int) -> str:
        return f"with pyarrow.OSFile('{name}', 'wb') as f: f.write(b'x' * {size})\n"

    def wait(name: str, size: int) -> str:
        there = f"os.path.exists('{name}') and os.stat('{name}').st_size == {size}"
        return f"while not ({there}): time.sleep(0.01)\n"

    one, other = await asyncio.gather(
        large.effects(write("1.bin", 200_000) + wait("2.bin", 1000), kernel="large"),
        small.effects(wait("1.bin", 200_000) + write("2.bin", 1000), kernel="small"),
    )
    assert one["written"] == ["1.bin", "2.bin"]
    assert other["written"] == ["2.bin"]  # it has not written so much
