"""A kernel for the tests: cells and steps as JSON lines on stdin, answers on stdout.

python kernel_process.py <blob folder> plain|ipython
"""

from __future__ import annotations

import io
import json
import linecache
import os
import sys
import traceback
import types
from contextlib import redirect_stderr, redirect_stdout
from typing import Any


def main(folder: str, mode: str) -> None:
    from dossier_worker.blobs import BlobFolder
    from dossier_worker.values import LoadError, Values

    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    shell: Any = None
    if mode == "ipython":
        from IPython.core.interactiveshell import InteractiveShell

        InteractiveShell.clear_instance()
        shell = InteractiveShell.instance(user_module=module, user_ns=vars(module))
        shell.history_manager.enabled = False
    values = Values(vars(module), BlobFolder(folder))
    cells = 0

    def run(code: str) -> dict[str, Any]:
        nonlocal cells
        cells += 1
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            if shell is not None:
                result = shell.run_cell(code, store_history=True)
                error = result.error_before_exec or result.error_in_exec
                return {"out": out.getvalue(), "error": repr(error) if error else None}
            name = f"<cell {os.getpid()} {cells}>"
            linecache.cache[name] = (len(code), None, code.splitlines(True), name)
            try:
                exec(compile(code, name, "exec", dont_inherit=True), vars(module))
            except BaseException:
                return {"out": out.getvalue(), "error": traceback.format_exc()}
        return {"out": out.getvalue(), "error": None}

    for line in sys.stdin:
        asked = json.loads(line)
        answer: dict[str, Any]
        try:
            if asked["op"] == "run":
                answer = run(asked["code"])
            elif asked["op"] == "load":
                values.load(asked["inputs"], asked["manifests"])
                answer = {"present": values.present()}
            elif asked["op"] == "export":
                version = asked["prefix"].__add__
                made = values.export(asked["names"], version, asked["mutated"])
                answer = {"manifests": made, "present": values.present()}
            elif asked["op"] == "forget":
                values.forget(asked["names"])
                answer = {"present": values.present()}
            else:
                values.reset()
                answer = {"names": sorted(n for n in vars(module) if not n.startswith("_"))}
        except LoadError as error:
            answer = {"load_error": [error.name, error.type, error.reason, str(error)]}
        except Exception:
            answer = {"failed": traceback.format_exc()}
        replies.write(json.dumps(answer) + "\n")
        replies.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
