"""The user's own kernels, reached as any Jupyter client reaches them.

A kernel is asked by user expressions of a silent execution that has no code: that leaves nothing in
its namespace, its history, its count, or its outputs. It takes its turn in the kernel's queue.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty
from typing import Any

from jupyterlab_dossier.runs import BadInput
from jupyterlab_dossier.runs.model import Json

# How often the kernel is looked after while it is waited for; it may be busy for hours.
LOOK = 1.0

# Runs in the user's kernel, in a namespace of its own; sys.path has the zipapp for the import only.
_CALL = """
def call(archive, function, arguments):
    import importlib, sys
    sys.path.insert(0, archive)
    try:
        remote = importlib.import_module("dossier_worker.values.remote")
    finally:
        sys.path.remove(archive)
    return getattr(remote, function)(*arguments)
"""

# As %who has it: what IPython itself put there, and has not been bound anew, is not the user's.
_NAMES = (
    "(lambda own, hidden: [n for n in own if (n not in hidden or own[n] is not hidden[n])"
    " and not (n.startswith('__') and n.endswith('__'))])"
    "(get_ipython().user_ns, get_ipython().user_ns_hidden)"
)


class KernelFault(BadInput):
    """The kernel could not do what was asked; the text says why."""


class KernelBridge:
    """One kernel of this server (`runs.interactive.KernelPort`)."""

    def __init__(self, manager: Any, archive: Path, blobs: Path) -> None:
        self._manager = manager
        self._archive = archive
        self._blobs = blobs

    async def export(self, names: Sequence[str], versions: str) -> list[Json]:
        """Writes variables into the store; returns their manifests."""
        answer = await self._call("export_json", {"names": list(names), "versions": versions})
        manifests: list[Json] = answer["manifests"]
        return manifests

    async def load(self, inputs: Mapping[str, str], manifests: Mapping[str, Json]) -> list[str]:
        """Binds names to versions; returns the names."""
        answer = await self._call(
            "load_json", {"inputs": dict(inputs), "manifests": dict(manifests)}
        )
        if error := answer.get("error"):
            raise KernelFault(
                f"`{error['name']}` ({error['type']}) cannot be loaded into the kernel:"
                f" {error['reason']}"
            )
        return [str(name) for name in answer["loaded"]]

    async def execution_count(self) -> int:
        """The count that the kernel's next execution gets."""
        return int(await self._evaluate("get_ipython().execution_count"))

    async def delete(self, names: Sequence[str]) -> None:
        """Unbinds names where the kernel has them: a cell elsewhere deleted them."""
        gone = [name for name in names if name.isidentifier()]
        if gone:
            await self._evaluate(
                f"[get_ipython().user_ns.pop(name, None) and None for name in {gone!r}]"
            )

    async def counted(self, count: int) -> None:
        """A cell elsewhere took this execution count."""
        await self._evaluate(f"setattr(get_ipython(), 'execution_count', {count + 1:d})")

    async def names(self) -> list[str]:
        """Names that the user has bound."""
        answer = await self._evaluate(_NAMES)
        return [str(name) for name in answer]

    async def _call(self, function: str, request: Json) -> Any:
        arguments = [str(self._blobs), json.dumps(request)]
        call = f"{str(self._archive)!r}, {function!r}, {arguments!r}"
        expression = (
            f"(lambda scope: (__import__('builtins').exec({_CALL!r}, scope),"
            f" scope['call']({call}))[1])({{}})"
        )
        return json.loads(await self._evaluate(expression))

    async def _evaluate(self, expression: str) -> Any:
        """The value of an expression in the kernel; it travels as JSON in a string.

        IPython shortens what it prints of long lists, but not of strings.
        """
        reply = await self._request(f"__import__('json').dumps({expression})")
        result = (reply.get("user_expressions") or {}).get("dossier")
        if result is None:
            why = reply.get("evalue") or reply.get("status")
            raise KernelFault(f"the kernel did not answer: {why}")
        if result["status"] != "ok":
            raise KernelFault(f"the kernel refused: {result['ename']}: {result['evalue']}")
        return json.loads(ast.literal_eval(result["data"]["text/plain"]))

    async def _request(self, expression: str) -> Json:
        before = process_of(self._manager)
        client = self._manager.client()
        client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
        try:
            asked = client.execute(
                "",
                silent=True,
                store_history=False,
                user_expressions={"dossier": expression},
                allow_stdin=False,
                stop_on_error=False,
            )
            while True:
                try:
                    message = await client.get_shell_msg(timeout=LOOK)
                except Empty:
                    ended = process_of(self._manager) != before
                    if ended or not await self._manager.is_alive():
                        raise KernelFault("the kernel ended or was restarted meanwhile") from None
                    continue
                if message["parent_header"].get("msg_id") == asked:
                    content: Json = message["content"]
                    return content
        finally:
            client.stop_channels()


def process_of(manager: Any) -> Any:
    """What tells one process of a kernel from the one after a restart."""
    return getattr(manager.provisioner, "pid", None)
