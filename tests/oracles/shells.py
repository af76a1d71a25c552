"""Notebooks run in order, many times a second: forks of a process that has imported everything.

`Shells().run(cells)` gives each cell's outputs and the content of all names after it, as Restart &
Run All would: one IPython shell with the inline backend, in a folder of its own. The same process
serves every run, so that what nobody seeds starts the same, too.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from jupyterlab_dossier.runs.planning.conditions import environment

Json = dict[str, Any]
Run = Callable[[Any, Sequence[tuple[str, Sequence[str]]]], list[Json]]
_PRELOADED = (
    "numpy pandas scipy.stats scipy.sparse sklearn.datasets sklearn.linear_model sklearn.ensemble "
    "sklearn.model_selection sklearn.pipeline sklearn.preprocessing sklearn.cluster "
    "sklearn.decomposition matplotlib.figure matplotlib.backends.backend_agg joblib sqlite3 json "
    "csv IPython.core.interactiveshell matplotlib_inline.config PIL.Image"
)
_SECONDS = {"values": 40, "trace": 300}


class Failed(Exception):
    """A run did not come to an end."""


class Shells:
    """The process whose forks run notebooks."""

    def __init__(self, way: Literal["values", "trace"] = "values") -> None:
        root = Path(__file__).parents[2]
        paths = [str(root), os.environ.get("PYTHONPATH", "")]
        env = {
            **os.environ,
            **environment(8),
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join(p for p in paths if p),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        }
        command = [sys.executable, "-m", "tests.oracles.shells", way]
        self._folder = tempfile.TemporaryDirectory(prefix="dossier-shells-")
        env["IPYTHONDIR"] = self._folder.name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, cwd=root
        )

    def run(self, cells: Sequence[tuple[str, Sequence[str]]]) -> list[Json]:
        """What each cell (source, tags) gave; cells after a failing one are missing."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with tempfile.TemporaryDirectory(prefix="dossier-oracle-") as folder:
            task = {"cells": [[s, list(t)] for s, t in cells], "folder": folder}
            self._process.stdin.write(json.dumps(task).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise Failed("the process that runs notebooks ended")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        found: list[Json] = answer["cells"]
        return found

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._folder.cleanup()

    def __enter__(self) -> Shells:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


# In the process itself


def shell(names: dict[str, Any] | None = None) -> Any:
    """An IPython shell whose outputs are those of a notebook, in `shell.shown`."""
    from ipykernel.compiler import XCachingCompiler
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Stream:
        encoding = "utf-8"

        def __init__(self, name: str) -> None:
            self.name = name

        def write(self, text: str) -> int:
            if not text:
                return 0
            made.shown.append({"output_type": "stream", "name": self.name, "text": text})
            return len(text)

        def flush(self) -> None:
            pass

        def isatty(self) -> bool:
            return False

    class Publisher(DisplayPublisher):
        def publish(self, data: Json, metadata: Json | None = None, **more: Any) -> None:
            shown = {"output_type": "display_data", "data": _plain(data)}
            name = (more.get("transient") or {}).get("display_id")
            if more.get("update"):
                for output in made.displays.get(name, ()):
                    output["data"] = shown["data"]
                return
            made.shown.append(shown)
            made.displays.setdefault(name, []).append(shown)

        def clear_output(self, wait: bool = False) -> None:
            made.shown.clear()

    class Hook(DisplayHook):
        def write_output_prompt(self) -> None:
            pass

        def write_format_data(self, format_dict: Json, md_dict: Json | None = None) -> None:
            made.shown.append({"output_type": "execute_result", "data": _plain(format_dict)})

    class Shell(InteractiveShell):
        def enable_gui(self, gui: str | None = None) -> None:
            pass

        def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
            error = {"ename": etype.__name__, "evalue": str(evalue), "traceback": stb}
            made.shown.append({"output_type": "error", **error})

        def show_usage(self) -> None:
            pass

    # A class made by a factory, so that each process has one shell of its own.
    made: Any
    made = Shell.instance(
        user_ns=names,
        display_pub_class=Publisher,
        displayhook_class=Hook,
        compiler_class=XCachingCompiler,  # its file names are those in a kernel
        config=Config({"HistoryManager": {"enabled": False}}),
        cache_size=1000,
    )
    made.shown, made.displays = [], {}
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")  # type: ignore[assignment]
    return made


def _plain(data: Json) -> Json:
    import base64

    return {
        mime: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for mime, value in data.items()
    }


def user_names(made: Any) -> dict[str, Any]:
    """The notebook's own names and their values."""
    hidden = made.user_ns_hidden
    return {
        name: value
        for name, value in dict.items(made.user_ns)
        if not name.startswith("_")
        and name not in ("In", "Out", "exit", "quit", "get_ipython", "open")
        and not (name in hidden and hidden[name] is value)
    }


def run_values(made: Any, cells: Sequence[tuple[str, Sequence[str]]]) -> list[Json]:
    """Outputs of each cell; digests of all names after it; names it bound or changed."""
    from tests.oracles import objects

    found: list[Json] = []
    before: dict[str, str] = {}
    bound: dict[str, Any] = {}
    shown: list[list[Json]] = []
    for source, tags in cells:
        made.shown = []
        shown.append(made.shown)
        result = made.run_cell(source, store_history=True)
        names = user_names(made)
        after = objects.digests(names)
        wrote = [
            n for n in names if before.get(n) != after[n] or bound.get(n, made) is not names[n]
        ]
        wrote += [n for n in before if n not in after]
        found.append({"values": after, "wrote": sorted(wrote), "ok": bool(result.success)})
        before, bound = after, names
        if not result.success and "raises-exception" not in tags:
            break
    for cell, outputs in zip(found, shown, strict=True):
        cell["outputs"] = outputs  # at the end: displays may have been updated
    return found


def _child(run: Run, made: Any, task: Json, end: int) -> None:
    try:
        os.setsid()
        os.chdir(task["folder"])
        sys.path.insert(0, "")
        answer: Json = {"cells": run(made, task["cells"])}
    except BaseException as error:
        import traceback

        answer = {"error": "".join(traceback.format_exception(error))}
    with os.fdopen(end, "wb") as out:
        out.write(json.dumps(answer).encode())
    os._exit(0)


def _collect(pid: int, start: int, seconds: float) -> bytes:
    data = b""
    limit = time.monotonic() + seconds
    while True:
        ready, _, _ = select.select([start], [], [], max(0.0, limit - time.monotonic()))
        if not ready:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            data = b'{"error": "it takes too long"}'
            break
        more = os.read(start, 1 << 20)
        if not more:
            break
        data += more
    os.close(start)
    os.waitpid(pid, 0)
    return data or b'{"error": "the notebook ended its process"}'


def serve(way: str) -> None:
    """Runs one notebook a line; the shell is made once, a fork of it is as good as new."""
    import importlib

    from tests.oracles import trace

    for name in _PRELOADED.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    run: Run = trace.run_traced if way == "trace" else run_values
    made = shell(trace.Names() if way == "trace" else None)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin.buffer:
        start, end = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(start)
            sys.stdin = open(os.devnull)  # noqa: SIM115 (for as long as the process lives)
            _child(run, made, json.loads(line), end)
        os.close(end)
        answers.write(_collect(pid, start, _SECONDS[way]).replace(b"\n", b" ") + b"\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
