"""Deaths and cuts: what is told, what is kept, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from peer import Peer, Server

STOCK_ARGV = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
KINDS: dict[str, dict[str, Any]] = {
    "forked": {},
    "exec": {"env": {"DOSSIER_WORKER_FORK": "0"}},
    "stock": {"argv": STOCK_ARGV},
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> dict[str, Any]:
    return KINDS[request.param]


@pytest.fixture
def worker(server: Server, zipapp: Path) -> Peer:
    return server.worker(zipapp)


async def test_segfault(server: Server, zipapp: Path, kind: dict[str, Any]) -> None:
    worker = server.worker(zipapp, **kind)
    attempt = worker.execute('print("before", flush=True)\nimport ctypes; ctypes.string_at(0)')
    died = (await worker.result(attempt)).done
    assert died == {
        "type": "kernel_died",
        "kernel": "k",
        "attempt": attempt,
        "signal": 11,
        "exitcode": None,
        "why": "killed by signal 11 (SIGSEGV)",
    }
    # Its state is gone: nothing pretends that a new kernel holds it.
    refused = await worker.run("1")
    assert refused.done["status"] == "refused"
    assert refused.done["error"]["evalue"] == "worker kernel k is gone, and with it what it held"
    assert (await worker.run("2", new=True)).plain == "2"


async def test_killed(server: Server, zipapp: Path, kind: dict[str, Any]) -> None:
    """What a cell started dies with its kernel."""
    worker = server.worker(zipapp, **kind)
    code = "import os, subprocess\np = subprocess.Popen(['sleep', '300'])\n"
    attempt = worker.execute(code + "print('pids', os.getpid(), p.pid, flush=True)\np.wait()")
    kernel, child = await _pids(worker, attempt)
    os.kill(kernel, signal.SIGKILL)
    died = (await worker.result(attempt)).done
    assert died["why"] == "killed by signal 9 (SIGKILL), possibly out of memory"
    await _gone(kernel, child)


async def test_exit(worker: Peer) -> None:
    attempt = worker.execute("import os; os._exit(3)")
    died = (await worker.result(attempt)).done
    assert (died["exitcode"], died["why"]) == (3, "it ended by itself with exit code 3")


async def test_kill_on_request(worker: Peer) -> None:
    attempt = worker.execute("print('on', flush=True)\nwhile True: pass")
    await worker.shows(attempt, "on")
    waiting = worker.execute("1")
    worker.send({"type": "kill", "kernel": "k"})
    died = (await worker.result(attempt)).done
    assert died["type"] == "kernel_died"
    assert died["why"] == "killed on request"
    assert (await worker.result(waiting)).done["status"] == "aborted"


async def test_worker_killed(server: Server, zipapp: Path, kind: dict[str, Any]) -> None:
    """Its kernels go with it; of a forked one, what the cell started too."""
    worker = server.worker(zipapp, **kind)
    code = "import os, subprocess\np = subprocess.Popen(['sleep', '300'])\n"
    attempt = worker.execute(code + "print('pids', os.getpid(), p.pid, flush=True)\np.wait()")
    kernel, child = await _pids(worker, attempt)
    assert worker.process is not None
    worker.process.kill()
    await _gone(kernel)
    if kind == KINDS["forked"]:
        await _gone(child)
    else:
        os.kill(child, signal.SIGKILL)


async def test_not_kept(worker: Peer) -> None:
    result = await worker.run("import os; print(os.getpid())", keep=False)
    await _gone(int(result.text()))
    assert not [f for f in worker.frames if f.message["type"] == "kernel_died"]


async def test_cut_replays(worker: Peer, tmp_path: Path) -> None:
    """Cut again and again while a cell prints: nothing is lost, nothing comes twice."""
    code = (
        "import os, time\nfor i in range(400):\n    print(i, flush=True); time.sleep(.002)\n"
        f"    while i % 100 == 99 and not os.path.exists({str(tmp_path)!r} + f'/{{i}}'):\n"
        "        time.sleep(.01)"
    )
    attempt = worker.execute(code)
    for cuts, number in enumerate((20, 150, 250, 301), 1):
        await worker.shows(attempt, f"{number}\n")
        worker.cut()
        # What it prints meanwhile comes over the next connection; then it may go on.
        await worker.until(lambda cuts=cuts: len(worker.hellos) > cuts)
        (tmp_path / f"{100 * cuts - 1}").touch()
    result = await worker.result(attempt)
    assert result.text() == "".join(f"{i}\n" for i in range(400))
    assert len(worker.hellos) == 5
    assert worker.hellos[1]["kernels"] == [{"kernel": "k", "attempt": attempt}]
    assert worker.hellos[1]["attempts"] == {attempt: "running"}
    assert "secret" not in worker.hellos[1]


async def test_another_port(server: Server, worker: Peer) -> None:
    """A restarted server is found by the rewritten config; what was done meanwhile arrives."""
    attempt = worker.execute("print('on', flush=True)\nx = input()\nprint('through', x)")
    await worker.until(lambda: [f for f in worker.messages(attempt) if _asks(f.message)])
    await server.stop()
    path = worker.folder / "config.json"
    config = json.loads(path.read_text())
    assert "secret" not in config and config["credential"] == worker.credential
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    old = server.port
    server.start()
    assert server.port != old
    path.write_text(json.dumps({**config, "url": server.url}))
    await worker.until(lambda: len(worker.hellos) == 2)
    worker.send({"type": "input", "kernel": "k", "value": "both"})
    assert "through both" in (await worker.result(attempt)).text()


async def test_asked_again(worker: Peer) -> None:
    """A repeated execute runs nothing again."""
    attempt = worker.execute("n = globals().get('n', 0) + 1; print(n)")
    await worker.result(attempt)
    worker.send(worker.last)
    dones = await worker.until(
        lambda: (
            len(found := [f for f in worker.frames if f.message["type"] == "done"]) == 2 and found
        )
    )
    assert dones[0].message == dones[1].message
    assert (await worker.run("print(n)")).text() == "1\n"


@pytest.mark.parametrize("wrong", ["secret", "used"])
async def test_refused(server: Server, zipapp: Path, wrong: str) -> None:
    """A wrong or used secret ends the worker, with words in its log."""
    worker = server.worker(zipapp)
    worker.secret = "another" if wrong == "secret" else None
    assert worker.process is not None
    loop = asyncio.get_running_loop()
    assert await loop.run_in_executor(None, worker.process.wait, 20) == 77
    log = (worker.folder / "worker.log").read_text()
    assert "the server does not accept this worker: wrong or used secret" in log


async def test_grace_end(server: Server, zipapp: Path) -> None:
    worker = server.worker(zipapp, grace=1)
    kernel = int((await worker.run("import os; print(os.getpid())")).text())
    await server.stop()
    assert worker.process is not None
    assert await asyncio.get_running_loop().run_in_executor(None, worker.process.wait, 10) == 0
    await _gone(kernel)
    server.start()


async def test_slots(server: Server, zipapp: Path) -> None:
    """Two run at once, the third waits; an interrupt takes it back before it started."""
    worker = server.worker(zipapp, slots=2)
    first, second = (worker.execute("input()", kernel=k) for k in "ab")
    for attempt in (first, second):
        await worker.until(lambda a=attempt: [f for f in worker.messages(a) if _asks(f.message)])
    third, fourth = (worker.execute("print('ran')", kernel=k) for k in "cd")
    worker.interrupt(third, "c")
    aborted = await worker.result(third)
    assert (aborted.done["status"], aborted.text()) == ("aborted", "")
    worker.send({"type": "input", "kernel": "a", "value": ""})
    assert (await worker.result(fourth)).text() == "ran\n"
    worker.interrupt(second, "b")
    assert (await worker.result(second)).ename == "KeyboardInterrupt"


async def test_zygote_killed(worker: Peer) -> None:
    """The prepared process takes its kernels along; the next one comes from a new one."""
    result = await worker.run("import os; print(os.getppid())")
    os.kill(int(result.text()), signal.SIGKILL)
    await worker.until(lambda: [f for f in worker.frames if f.message["type"] == "kernel_died"])
    assert (await worker.run("1", kernel="other")).plain == "1"


async def test_preload(server: Server, zipapp: Path, tmp_path: Path) -> None:
    """Quiet modules are there already; one that prints is left to the cell."""
    (tmp_path / "loud_module.py").write_text('print("I am loud")')
    (tmp_path / "quiet_module.py").write_text("import random\nx = random.random()")
    env = {"PYTHONPATH": str(tmp_path)}
    worker = server.worker(zipapp, preload=["quiet_module", "loud_module", "numpy"], env=env)
    code = "import sys; print([m in sys.modules for m in ('quiet_module', 'loud_module', 'numpy')])"
    assert (await worker.run(code)).text() == "[True, False, True]\n"
    assert (await worker.run("import loud_module")).text() == "I am loud\n"
    code = "import numpy, random; print(numpy.random.rand(), random.random())"
    texts = {(await worker.run(code, kernel=k)).text() for k in "abc"}
    assert len(texts) == 3


async def test_set_up(worker: Peer) -> None:
    """Environment and set-up statements come before the cell, without a trace of their own."""
    setup = [
        {"code": "import os\nprint('silent')\nos.environ['A'] += 'c'", "inputs": {}},
        {"code": "%matplotlib inline", "inputs": {}},
        {"code": "from __future__ import annotations", "inputs": {}},
    ]
    code = (
        "import os\ndef f(x: nonsense): ...\nprint(os.environ['A'], f.__annotations__, os.getcwd())"
    )
    result = await worker.run(code, setup=setup, env={"A": "b"}, execution_count=5)
    assert result.text() == f"bc {{'x': 'nonsense'}} {worker.folder}\n"
    assert result.done["execution_count"] == 5
    setup = [
        {"code": "import logging, sys\nlogging.basicConfig(stream=sys.stdout)", "inputs": {}},
    ]
    logged = await worker.run("import logging\nlogging.warning('said')", setup=setup)
    assert logged.text("stdout") == "WARNING:root:said\n"
    refused = await worker.run("print('never')", setup=[{"code": "1/0", "inputs": {}}])
    assert refused.done["status"] == "refused"
    words = "the set-up statement `1/0` failed: ZeroDivisionError: division by zero"
    assert refused.done["error"]["evalue"] == words
    assert refused.types == []


async def test_a_display_that_fails(worker: Peer) -> None:
    code = "class P:\n    def __repr__(self): raise ValueError('no text')\nP()"
    result = await worker.run(code)
    assert result.done["status"] == "error"
    assert result.done["error"]["ename"] == "ValueError"
    assert result.done["error"]["evalue"] == "no text"


async def test_reset(worker: Peer) -> None:
    await worker.run("x = 1\n41")
    result = await worker.run("'x' in globals(), _, In[1:]", reset=True, execution_count=1)
    assert result.plain == "(False, '', [\"'x' in globals(), _, In[1:]\"])"


async def test_effects(worker: Peer) -> None:
    await worker.run("a, b, c = [1], [2], 3\n_private = 4")
    result = await worker.run("a = [1]; del b; d = 5; import os\n7", deletes=["c"])
    assert result.done["effects"] == {"bound": ["a", "d", "os"], "deleted": ["b"]}


async def test_large_output(worker: Peer) -> None:
    """One that the link cannot carry is named; the cell goes on."""
    code = "from IPython.display import display\n"
    code += "display({'text/plain': 'x' * (70 << 20)}, raw=True)\nprint('after')"
    result = await worker.run(code)
    assert result.done["status"] == "ok"
    assert "An output was left out: a message of" in result.text("stderr")
    assert result.text("stdout") == "after\n"


def _asks(message: dict[str, Any]) -> bool:
    return message.get("msg_type") == "input_request"


async def _pids(worker: Peer, attempt: str) -> tuple[int, int]:
    await worker.shows(attempt, "pids")
    texts = [
        f.message["content"]["text"]
        for f in worker.messages(attempt)
        if f.message.get("msg_type") == "stream"
    ]
    _, kernel, child = "".join(texts).split()
    return int(kernel), int(child)


async def _gone(*pids: int) -> None:
    """Wait until the processes are no more (a zombie of a container without init counts)."""
    for pid in pids:
        for _ in range(500):
            try:
                state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            except (FileNotFoundError, ProcessLookupError):
                break
            if state == "Z":
                break
            await asyncio.sleep(0.01)
        else:
            raise AssertionError(f"process {pid} is still there")
