"""What a notebook can do in a kernel, it can do in a worker kernel: forked, started, stock."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from jupyter_client.manager import start_new_kernel
from peer import Peer, Result, Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

STOCK_ARGV = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
VARIANTS = ["forked", "exec", "ipykernel6", "stock"]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=VARIANTS)
async def worker(
    request: pytest.FixtureRequest, module_server: Server, zipapp: Path, old_python: str
) -> Peer:
    """One worker for all tests of a variant; its kernel `k` is shared by them."""
    start: dict[str, Callable[[], Peer]] = {
        "forked": lambda: module_server.worker(zipapp),
        "exec": lambda: module_server.worker(zipapp, env={"DOSSIER_WORKER_FORK": "0"}),
        "ipykernel6": lambda: module_server.worker(zipapp, python=old_python),
        "stock": lambda: module_server.worker(zipapp, argv=STOCK_ARGV),
    }
    peer = start[request.param]()
    peer.variant = request.param  # type: ignore[attr-defined]
    return peer


# name: (code, check)
EVERYWHERE: dict[str, tuple[str, Callable[[Result], Any]]] = {
    "streams": (
        'import sys\nprint("a"); print("b", file=sys.stderr); 1+1',
        lambda r: (r.text("stdout"), r.text("stderr"), r.plain) == ("a\n", "b\n", "2"),
    ),
    "streams before the result": (
        'print("a")\n5',
        lambda r: r.types == ["stream", "execute_result"],
    ),
    "system": ("!echo bang\n%system echo quiet", lambda r: "bang" in r.text() and r.plain),
    "bash magic": ("%%bash\necho bash", lambda r: "bash" in r.text()),
    "spawned pool": (
        "from concurrent.futures import ProcessPoolExecutor\nimport math, multiprocessing as mp\n"
        'with ProcessPoolExecutor(2, mp_context=mp.get_context("spawn")) as p:\n'
        "    print(list(p.map(math.sqrt, [1, 4])))",
        lambda r: "[1.0, 2.0]" in r.text(),
    ),
    "top-level await": ("import asyncio\nawait asyncio.sleep(0.01); 7", lambda r: r.plain == "7"),
    "async for": (
        "async def g():\n    yield 1\nasync for i in g(): print(i)",
        lambda r: r.text() == "1\n",
    ),
    "display id": (
        'from IPython.display import display\nh = display("a", display_id="x"); h.update("b")',
        lambda r: (
            r.types == ["display_data", "update_display_data"]
            and r.of("display_data")[0]["transient"]["display_id"] == "x"
        ),
    ),
    "clear_output": (
        "from IPython.display import clear_output\nprint(1); clear_output(wait=True); print(2)",
        lambda r: (
            # What is cleared at once need not be sent.
            r.types[-2:] == ["clear_output", "stream"]
            and r.of("clear_output") == [{"wait": True}]
            and r.text().endswith("2\n")
        ),
    ),
    "capture": (
        '%%capture c\nfrom IPython.display import display\nprint("x"); display(1)',
        lambda r: r.types == [],
    ),
    "timeit": ("%timeit -n1 -r1 1", lambda r: "loop" in r.text()),
    "help": ("len?", lambda r: r.done["payload"][0]["source"] == "page"),
    "error": (
        "def ff(): return 1/0\nff()",
        lambda r: r.done["status"] == "error" and r.ename == "ZeroDivisionError" and r.of("error"),
    ),
    "syntax error": ("a b", lambda r: r.ename == "SyntaxError" and r.of("error")),
    "SystemExit": ("import sys; sys.exit(3)", lambda r: r.ename == "SystemExit"),
    "warnings and logging": (
        'import warnings, logging\nwarnings.warn("wx"); logging.warning("lx")',
        lambda r: "wx" in r.text("stderr") and "lx" in r.text("stderr"),
    ),
    "main": (
        "import sys, __main__\nzz = 1\n"
        "(__name__, __main__.zz, sys.modules['__main__'].__dict__ is globals())",
        lambda r: r.plain == "('__main__', 1, True)",
    ),
    "sys.path": (
        "import sys\n'' in sys.path, sys.path.index('') < [i for i, p in enumerate(sys.path)"
        " if 'site-packages' in p][0], not sys.path[0].endswith('.pyz')",
        lambda r: r.plain == "(True, True, True)",
    ),
    "surrogates and NaN": (
        "from IPython.display import display\nprint('\\ud83d'); "
        "display({'application/json': {'a': float('nan')}}, raw=True)",
        lambda r: "stream" in r.types and r.done["status"] == "ok",
    ),
    "empty": ("  ", lambda r: r.done["status"] == "ok" and r.types == []),
}

# What only our own worker kernel gives (a stock one loses or garbles it), on every ipykernel.
OWN: dict[str, tuple[str, Callable[[Result], Any]]] = {
    "1 MB by the descriptor": (
        'import os\nfor i in range(16): os.write(1, b"y" * 65536)\nNone',
        lambda r: r.text().count("y") == 1 << 20,
    ),
    "os.system": ('import os\nrc = os.system("echo ossys")', lambda r: "ossys" in r.text()),
    "C printf": (
        "import ctypes\nl = ctypes.CDLL(None)\nfor i in range(200): l.printf(b'c%d\\n', i)\nNone",
        lambda r: "c199\n" in r.text(),
    ),
    "C prints a lot": (
        "l = ctypes.PyDLL(None) if 'ctypes' in globals() else __import__('ctypes').PyDLL(None)\n"
        "for i in range(30): l.write(1, b'z' * 10000, 10000)\nNone",
        lambda r: r.text().count("z") == 300_000,
    ),
    "child processes": (
        'import subprocess\nsubprocess.run(["echo", "sub"])\n'
        'subprocess.run("echo err >&2", shell=True)\nNone',
        lambda r: "sub" in r.text("stdout") and "err" in r.text("stderr"),
    ),
    "child to sys.stdout": (
        'import subprocess, sys\nrr = subprocess.run(["echo", "file"], stdout=sys.stdout)',
        lambda r: "file" in r.text(),
    ),
    "print before a child": (
        'import subprocess\nfor i in range(20):\n    print("p", i)\n'
        '    rr = subprocess.run(["echo", "c", str(i)])',
        lambda r: r.text() == "".join(f"p {i}\nc {i}\n" for i in range(20)),
    ),
    "flush between descriptors": (
        'import os\nfor i in range(50):\n    print("p", i, flush=True)\n'
        '    rr = os.write(1, b"c %d\\n" % i)',
        lambda r: sorted(r.text().split("\n")) and r.text().startswith("p 0\nc 0\n"),
    ),
    "fork": (
        "import os\npid = os.fork()\n"
        'if pid == 0:\n    print("child" * 3, flush=True); os._exit(0)\n'
        "rr = os.waitpid(pid, 0)",
        lambda r: r.text() == "childchildchild\n",
    ),
    "forked pool": (
        'import multiprocessing as mp\ndef f(x): print("w", x, flush=True); return x*x\n'
        'with mp.get_context("fork").Pool(2) as p: r = p.map(f, range(4))\nprint(r)',
        lambda r: "[0, 1, 4, 9]" in r.text() and r.text().count("w") == 4,
    ),
    "history": ("%history -l 1", lambda r: r.text()),
    "numbers": ("__import__('os').environ['MPLBACKEND']", lambda r: "inline" in r.plain),
    "utf-8 in pieces": (
        "import os, time\nb = 'é'.encode()\n"
        "rr = os.write(1, b[:1]); time.sleep(.05); rr = os.write(1, b[1:])",
        lambda r: r.text() == "é",
    ),
}

# Needs libraries that only the project's own environment has.
LIBRARIES: dict[str, tuple[str, Callable[[Result], Any]]] = {
    "inline by default": (
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        lambda r: r.mimes.count("image/png") == 1,
    ),
    "show": (
        "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
        "plt.plot([1]); plt.show(); plt.plot([2]); plt.show()",
        lambda r: r.mimes.count("image/png") == 2,
    ),
    "svg": (
        "import matplotlib.pyplot as plt\n%config InlineBackend.figure_formats = ['svg']\n"
        "plt.plot([1]); plt.show()\n%config InlineBackend.figure_formats = ['png']",
        lambda r: "image/svg+xml" in r.mimes,
    ),
    "table": ("import pandas as pd\npd.DataFrame({'a': [1]})", lambda r: "text/html" in r.mimes),
    "tqdm": (
        "from tqdm import tqdm\nfor i in tqdm(range(3)): pass",
        lambda r: "3/3" in r.text("stderr"),
    ),
    "tqdm.auto": (
        "from tqdm.auto import tqdm as ta\nfor i in ta(range(3)): pass",
        lambda r: "application/vnd.jupyter.widget-view+json" in r.mimes,
    ),
    "rich": (
        "from rich.table import Table\nTable('x')",
        lambda r: "text/html" in r.mimes or "text/plain" in r.mimes,
    ),
    "output widget": (
        "import ipywidgets as w\no = w.Output()\nwith o: print('inside')",
        lambda r: r.done["status"] == "ok" and "comm_open" in r.types,
    ),
    "joblib": (
        "from joblib import Parallel, delayed\n"
        "print(Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(3)))",
        lambda r: "[0, 1, 2]" in r.text(),
    ),
    "sklearn in two processes": (
        "from sklearn.model_selection import cross_val_score\n"
        "from sklearn.linear_model import Ridge\nimport numpy as np\n"
        "print(len(cross_val_score(Ridge(), np.random.rand(50, 3), np.random.rand(50), n_jobs=2)))",
        lambda r: "5" in r.text(),
    ),
}


@pytest.mark.parametrize("name", EVERYWHERE)
async def test_everywhere(worker: Peer, name: str) -> None:
    code, check = EVERYWHERE[name]
    result = await worker.run(code)
    assert check(result), (result.done, result.messages[-5:])


@pytest.mark.parametrize("name", OWN)
async def test_own(worker: Peer, name: str) -> None:
    if _is(worker, "stock"):
        pytest.skip("a stock kernel does it its own way")
    code, check = OWN[name]
    result = await worker.run(code)
    assert check(result), (result.done, result.messages[-5:])


@pytest.mark.parametrize("name", LIBRARIES)
async def test_libraries(worker: Peer, name: str) -> None:
    if not _is(worker, "forked"):
        pytest.skip("once is enough")
    code, check = LIBRARIES[name]
    result = await worker.run(code, timeout=60)
    assert check(result), (result.done, result.messages[-5:])


@pytest.mark.parametrize("ask", ["input('name? ')", "__import__('getpass').getpass('name? ')"])
async def test_input(worker: Peer, ask: str) -> None:
    attempt = worker.execute(f"x = {ask}; print('got', x)")
    request = await worker.until(lambda: _asked(worker, attempt))
    assert request == {"prompt": "name? ", "password": "getpass" in ask}
    worker.send({"type": "input", "kernel": "k", "value": "abc"})
    assert (await worker.result(attempt)).text() == "got abc\n"


async def test_no_input(worker: Peer) -> None:
    result = await worker.run("input()", allow_stdin=False)
    assert result.ename == "StdinNotImplementedError"


async def test_debugger(worker: Peer) -> None:
    if _is(worker, "stock"):
        pytest.skip("debugpy takes breakpoint() over there, and does nothing without a client")
    attempt = worker.execute("def g():\n    breakpoint()\n    return 1\ng()")
    await worker.until(lambda: _asked(worker, attempt))
    worker.send({"type": "input", "kernel": "k", "value": "c"})
    assert (await worker.result(attempt)).plain == "1"


INTERRUPTED = {
    "loop": "while True: pass",
    "sleep": "import time; time.sleep(60)",
    "printing": 'while True: print("z" * 200)',
    "subprocess": "import subprocess; subprocess.run(['sleep', '60'])",
    "await": "import asyncio\nawait asyncio.sleep(60)",
}


@pytest.mark.parametrize("name", INTERRUPTED)
async def test_interrupt(worker: Peer, name: str) -> None:
    attempt = worker.execute('print("started", flush=True)\n' + INTERRUPTED[name])
    await worker.shows(attempt, "started")
    worker.interrupt(attempt)
    result = await worker.result(attempt, timeout=10)
    assert result.done["status"] == "error"
    assert result.ename in ("KeyboardInterrupt", "CancelledError")
    assert result.of("error")
    assert (await worker.run('print("alive")')).text() == "alive\n"


async def test_interrupt_busy_coroutine(worker: Peer) -> None:
    """Between two awaits a coroutine is as deaf as a loop: it is interrupted like one."""
    if _is(worker, "stock"):
        pytest.skip("a stock kernel is deaf there")
    code = "import asyncio\nawait asyncio.sleep(0)\nprint('started', flush=True)\nwhile True: pass"
    attempt = worker.execute(code)
    await worker.shows(attempt, "started")
    worker.interrupt(attempt)
    assert (await worker.result(attempt, timeout=10)).ename == "KeyboardInterrupt"


async def test_interrupt_input(worker: Peer) -> None:
    attempt = worker.execute('input("?")')
    await worker.until(lambda: _asked(worker, attempt))
    worker.interrupt(attempt)
    assert (await worker.result(attempt, timeout=10)).ename == "KeyboardInterrupt"
    assert (await worker.run('print("alive")')).text() == "alive\n"


async def test_background_task(worker: Peer) -> None:
    code = (
        "import asyncio\nasync def bg():\n    global finished\n    finished = 1\n    print('bg')\n"
    )
    attempt = worker.execute(code + "t = asyncio.create_task(bg()); None")
    await worker.shows(attempt, "bg")
    assert (await worker.run("print(finished)")).text() == "1\n"


async def test_thread_prints_late(worker: Peer) -> None:
    """It stands where the cell that started last stands."""
    code = "import threading\nev = threading.Event()\n"
    code += "threading.Thread(target=lambda: (ev.wait(), print('tick'))).start()"
    first = await worker.run(code)
    if _is(worker, "stock"):
        return
    second = worker.execute("ev.set()")
    await worker.shows(second, "tick")
    assert "tick" not in first.text()


async def test_history_variables(worker: Peer) -> None:
    await worker.run("40 + 2", execution_count=7)
    result = await worker.run("_, In[7], Out[7], _i", execution_count=8)
    assert result.plain == "(42, '40 + 2', 42, '40 + 2')"
    assert result.done["execution_count"] == 8
    assert result.of("execute_result")[0]["execution_count"] == 8


async def test_silent(worker: Peer) -> None:
    await worker.run("41", execution_count=20)
    result = await worker.run("99", silent=True)
    assert result.types == []
    assert (await worker.run("_", execution_count=21)).plain == "41"


async def test_widget(worker: Peer) -> None:
    if not _is(worker, "forked"):
        pytest.skip("ipywidgets is in one environment only")
    code = (
        "import ipywidgets as w\nfrom IPython.display import display\ns = w.IntSlider(); display(s)"
    )
    result = await worker.run(code)
    assert "application/vnd.jupyter.widget-view+json" in result.mimes
    slider = next(c["comm_id"] for c in result.of("comm_open") if "IntSlider" in json.dumps(c))
    data = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
    content = {"comm_id": slider, "data": data}
    worker.send(
        {"type": "comm", "kernel": "k", "msg_type": "comm_msg", "msg_id": "c1", "content": content}
    )
    await worker.until(
        lambda: any(m.message["msg_type"] == "status" for m in worker.messages("c1")), timeout=10
    )
    assert (await worker.run("print(s.value)")).text() == "7\n"


async def test_comm_while_awaiting(worker: Peer) -> None:
    """A cell that awaits a message from the page gets it."""
    if _is(worker, "stock"):
        pytest.skip("later versions only")
    code = """
import asyncio, comm
got = asyncio.get_running_loop().create_future()
c = comm.create_comm(target_name="t", comm_id="abc", data={})
c.on_msg(lambda m: got.set_result(m["content"]["data"]))
print("waiting", flush=True)
print(await got)
"""
    attempt = worker.execute(code)
    await worker.shows(attempt, "waiting")
    content = {"comm_id": "abc", "data": {"x": 1}}
    worker.send({"type": "comm", "kernel": "k", "msg_type": "comm_msg", "content": content})
    assert "{'x': 1}" in (await worker.result(attempt, timeout=10)).text()


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return 1 / x\n\nf(0)",
        "class E(Exception): pass\n"
        "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise E('two') from e",
        "import json\njson.loads('{')",
        "for i in range(3)\n    pass",
        "%nosuchmagic",
        "import asyncio\nawait asyncio.sleep(0)\n{}['x']",
        "raise ExceptionGroup('g', [ValueError(1)])" if sys.version_info >= (3, 11) else "1/0",
        "%%time\nundefined_name",
    ],
)
async def test_traceback_is_ipykernels(
    worker: Peer, reference: Callable[[str], list[str]], code: str
) -> None:
    if not _is(worker, "forked", "exec"):
        pytest.skip("the reference is of this environment's ipykernel")
    result = await worker.run(code, execution_count=1000)
    assert _normal(result.done["error"]["traceback"]) == _normal(reference(code))


@pytest.fixture(scope="module")
def reference() -> Any:
    """Tracebacks of a real kernel."""
    manager, client = start_new_kernel(extra_arguments=[])

    def traceback(code: str) -> list[str]:
        reply = client.execute_interactive(code, output_hook=lambda _: None, timeout=30)
        return list(reply["content"]["traceback"])

    yield traceback
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def _normal(lines: list[str]) -> str:
    text = re.sub(r"In\s?\[\d+\]", "In[n]", "\n".join(lines))
    text = re.sub(r"ipykernel_\d+/\d+", "ipykernel_pid/cell", text)
    text = re.sub(r"-{20,}", "---", text)
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def _asked(worker: Peer, attempt: str) -> Any:
    for frame in worker.messages(attempt):
        if frame.message.get("msg_type") == "input_request":
            return frame.message["content"]
    return None


def _is(worker: Peer, *variants: str) -> bool:
    return worker.variant in variants  # type: ignore[attr-defined]
