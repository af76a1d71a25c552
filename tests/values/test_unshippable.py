"""What lives only in its process is named; everything else goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CASES = {
    "open(__import__('os').devnull)": "an open file",
    "open(__import__('os').devnull, 'wb')": "an open file",
    "__import__('socket').socket()": "an open socket",
    "(i for i in 'ab')": "a generator in mid-run",
    "iter({1: 2}.items())": "an iterator that would come back as another one",
    "iter({1})": "an iterator that would come back as another one",
    "(lambda r: (list(r), r)[1])(reversed([1]))": "an iterator that would come back as another one",
    "memoryview(bytearray(3))": "a view of memory",
    "__import__('threading').Lock()": "a lock",
    "__import__('threading').RLock()": "a lock",
    "__import__('threading').Condition()": "a lock",
    "__import__('threading').Thread()": "a thread",
    "__import__('threading').local()": "thread-local data",
    "__import__('queue').Queue()": "a queue between threads",
    "__import__('subprocess').Popen(['true'])": "a child process",
    "__import__('sqlite3').connect(':memory:')": "an open database connection",
    "__import__('sqlite3').connect(':memory:').cursor()": "a database cursor",
    "__import__('sys')._getframe()": "an execution frame",
    "__import__('asyncio').new_event_loop()": "an event loop",
    "__import__('concurrent.futures').futures.ThreadPoolExecutor(1)": "a pool of processes",
    "__import__('mmap').mmap(-1, 10)": "a memory map",
    "__import__('tempfile').TemporaryFile()": "an open",
    "__import__('weakref').ref(set())": "a weak reference whose target is gone",
}


@pytest.mark.parametrize("expression", CASES)
def test_kinds(book: Any, expression: str) -> None:
    book.cell(0, f"x = {expression}\nok = [1]\ncfg = {{'log': [ok, x]}}", "x ok cfg", take="")
    assert book.manifest("x")["unshippable"].startswith(f"`x` is {CASES[expression]}")
    assert book.manifest("cfg")["unshippable"].startswith(f"`cfg['log'][1]` is {CASES[expression]}")
    book.cell(1, "assert ok == [1]")


@pytest.mark.parametrize("mode", ["r", "w", "a", "x", "r+", "w+", "rb", "wb", "ab", "rb+", "wb+"])
@pytest.mark.parametrize("buffering", [-1, 0])
def test_closed_files_say_what_they_said(
    book: Any, tmp_path: Path, mode: str, buffering: int
) -> None:
    if buffering == 0 and "b" not in mode:
        pytest.skip("text is always buffered")
    path = tmp_path / "näh.txt"
    if "x" not in mode:
        path.write_bytes(b"one\r\ntwo\n")
    book.cell(
        0,
        f"""
        with open({str(path)!r}, {mode!r}, {buffering}) as f:
            if f.readable():
                f.read()
        f.note = 'mine'
        raw = getattr(getattr(f, 'buffer', f), 'raw', f)
        both = [f, getattr(f, 'buffer', None)]
        def told(file):
            names = ('name', 'mode', 'closed', 'encoding', 'errors', 'newlines', 'line_buffering',
                     'write_through', 'closefd', 'note')
            return repr(file), [(n, getattr(file, n)) for n in names if hasattr(file, n)]
        said = [told(file) for file in (f, raw)]
        """,
        "f raw both told said",
    )
    before = path.read_bytes()
    book.cell(
        1,
        """
        assert [told(file) for file in (f, raw)] == said, ([told(x) for x in (f, raw)], said)
        assert f.closed and f is both[0]
        assert getattr(getattr(f, 'buffer', f), 'raw', f) is raw
        assert getattr(f, 'buffer', None) is both[1]
        try:
            f.tell()
        except ValueError as error:
            assert 'closed file' in str(error)
        else:
            raise AssertionError
        """,
    )
    assert path.read_bytes() == before


def test_closed_files_over_something_else_stay(book: Any, tmp_path: Path) -> None:
    book.cell(
        0,
        f"""
        import gzip
        with gzip.open({str(tmp_path / "x.gz")!r}, 'wt') as packed:
            packed.write('x')
        """,
        "packed",
        take="",
    )
    assert "`packed` is a closed file" in book.manifest("packed")["unshippable"]


def test_coroutines_and_tasks(book: Any) -> None:
    book.cell(
        0,
        """
        import asyncio
        async def f(): return 1
        c = f()
        loop = asyncio.new_event_loop()
        t = loop.create_task(f())
        """,
        "c t",
    )
    assert "`c` is a coroutine" in book.manifest("c")["unshippable"]
    assert "`t` is a running asyncio task" in book.manifest("t")["unshippable"]
    book.cell(0, "c.close()\nloop.run_until_complete(t)\nloop.close()", take="")


def test_where_it_was_found(book: Any) -> None:
    book.cell(
        0,
        """
        import os
        class App:
            def __init__(self): self.parts = {'out': open(os.devnull)}
        app = App()
        def make(handle):
            def write(): return handle
            return write
        write = make(app.parts['out'])
        """,
        "app write",
    )
    assert "`app.parts['out']` is an open file" in book.manifest("app")["unshippable"]
    assert "`write (its captured `handle`)`" in book.manifest("write")["unshippable"]


def test_loading_it_says_why(book: Any) -> None:
    book.cell(0, "import os\nf = open(os.devnull)", "f")
    answer = book.kernels[1].ask("load", inputs={"f": book.versions["f"]}, manifests=book.manifests)
    assert answer["load_error"][:2] == ["f", "_io.TextIOWrapper"]
    assert "open file" in answer["load_error"][2]


def test_what_dumps_but_fails_at_load(book: Any) -> None:
    book.cell(
        0,
        """
        class Bad:
            def __reduce__(self): return (int, ('no number',))
        class Boxed(dict):
            def __init__(self): self.log = []
            def __setitem__(self, k, v):
                self.log.append(k)
                super().__setitem__(k, v)
        bad = Bad()
        boxed = Boxed()
        boxed['a'] = 1
        ok = 1
        """,
        "bad boxed ok",
    )
    assert "can be pickled but not loaded again" in book.manifest("bad")["unshippable"]
    assert "AttributeError" in book.manifest("boxed")["unshippable"]
    book.cell(1, "assert ok == 1")


def test_standard_streams_are_those_of_each_kernel(book: Any) -> None:
    book.cell(0, "import sys, os\nout = [sys.__stdout__, os.environ]", "out")
    book.cell(1, "import sys, os\nassert out[0] is sys.__stdout__ and out[1] is os.environ")


def test_weak_references_keep_their_target(book: Any) -> None:
    book.cell(
        0,
        """
        import weakref
        class A: pass
        a = A()
        r = weakref.ref(a)
        d = weakref.WeakKeyDictionary({a: 1})
        v = weakref.WeakValueDictionary({'k': a})
        """,
        "A a r d v",
    )
    book.cell(1, "assert r() is a and d[a] == 1 and v['k'] is a")


def test_missing_and_cut_blobs(book: Any) -> None:
    book.cell(
        0, "import numpy as np\na = np.arange(30_000) * 7.25\nb = 'only for this test'", "a b"
    )
    big = book.manifest("a")["buffers"][0]["blob"]
    small = book.manifest("b")["pickle"]["blob"]
    paths = {blob: book.folder / blob[:2] / blob for blob in (big, small)}
    paths[big].chmod(0o600)
    paths[big].write_bytes(paths[big].read_bytes()[:-1])
    paths[small].unlink()
    for name, words in (("a", "bytes instead of"), ("b", "not in the store")):
        answer = book.kernels[1].ask(
            "load", inputs={name: book.versions[name]}, manifests=book.manifests
        )
        assert words in answer["load_error"][2]
    paths[big].unlink()
    answer = book.kernels[1].ask("load", inputs={"z": "nowhere"}, manifests={})
    assert "nothing is known of version 'nowhere'" in answer["load_error"][3]


def test_failed_load_binds_nothing(book: Any) -> None:
    book.cell(0, "import os\na = 1\nf = open(os.devnull)", "a f")
    book.kernels[1].ask("load", inputs=dict(book.versions), manifests=book.manifests)
    assert book.load(1, {})["present"] == {}


def test_remote_functions(tmp_path: Path) -> None:
    code = f"""if True:
        import json, sys
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from dossier_worker.values import remote
        folder = {str(tmp_path)!r}
        a = [1]
        d = {{'k': a}}
        made = json.loads(remote.export_json(folder, json.dumps(
            {{"names": ["a", "d", "none"], "versions": "x/"}})))
        print(json.dumps(made))
        del a, d
        manifests = {{m["version"]: m for m in made["manifests"]}}
        inputs = {{m["name"]: m["version"] for m in made["manifests"]}}
        print(remote.load_json(folder, json.dumps({{"inputs": inputs, "manifests": manifests}})))
        assert d['k'] is a
        print(remote.load_json(folder, json.dumps({{"inputs": {{"q": "no"}}, "manifests": {{}}}})))
        """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    made, loaded, failed = map(json.loads, done.stdout.splitlines())
    assert made["missing"] == ["none"] and loaded["loaded"] == ["a", "d"] and loaded["bytes"] > 0
    assert failed["error"]["name"] == "q"


def test_it_is_found_where_it_was_made(book: Any) -> None:
    book.cell(0, "import os\nf = open(os.devnull)\nok = [1]", "f ok")
    book.cell(0, "assert f.read() == '' and ok == [1]\nf.close()")
    book.kernels[0].ask("reset")
    answer = book.kernels[0].ask("load", inputs=dict(book.versions), manifests=book.manifests)
    assert answer["load_error"][0] == "f"
