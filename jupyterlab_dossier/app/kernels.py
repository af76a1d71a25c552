"""The user's own kernels, reached as any Jupyter client reaches them.

A kernel is asked by user expressions of a silent execution that has no code: that leaves nothing in
its namespace, its history, its count, or its outputs. It takes its turn in the kernel's queue.
"""

from __future__ import annotations

import ast
import contextlib
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty
from typing import Any

from jupyterlab_dossier.runs import BadInput
from jupyterlab_dossier.runs.engine.interactive import Look
from jupyterlab_dossier.runs.engine.loading import Stopped
from jupyterlab_dossier.runs.model import Json

# How often the kernel is looked after while it is waited for; it may be busy for hours.
LOOK = 1.0

# Runs in the user's kernel, in a namespace of its own; sys.path has the zipapp for the import only.
_CALL = """
def call(archive, module, function, arguments):
    import importlib, sys
    sys.path.insert(0, archive)
    try:
        found = importlib.import_module(module)
    finally:
        sys.path.remove(archive)
    return getattr(found, function)(*arguments)
"""


class KernelFault(BadInput):
    """The kernel could not do what was asked; the text says why."""


class KernelBridge:
    """One kernel of this server (`runs.engine.interactive.KernelPort`)."""

    def __init__(self, manager: Any, archive: Path, blobs: Path) -> None:
        self._manager = manager
        self._archive = archive
        self._blobs = blobs

    async def export(self, names: Sequence[str], versions: str) -> list[Json]:
        """Writes variables into the store; returns their manifests."""
        answer = await self._remote("export_json", {"names": list(names), "versions": versions})
        manifests: list[Json] = answer["manifests"]
        return manifests

    async def load(
        self, inputs: Mapping[str, str], manifests: Mapping[str, Json], progress: Path
    ) -> list[str]:
        """Binds names to versions, all or none; returns the names."""
        asked = {"inputs": dict(inputs), "manifests": dict(manifests), "progress": str(progress)}
        answer = await self._remote("load_json", asked)
        if answer.get("stopped"):
            raise Stopped
        if error := answer.get("error"):
            raise KernelFault(
                f"`{error['name']}` ({error['type']}) cannot be loaded into the kernel:"
                f" {error['reason']}"
            )
        return [str(name) for name in answer["loaded"]]

    async def look(self) -> Look:
        """What the next cell finds in the kernel."""
        found = await self._guest("look", None)
        return Look(
            int(found["count"]),
            frozenset(map(str, found["names"])),
            frozenset(map(str, found["ran"])),
            tuple(map(int, found["results"])),
        )

    async def history(self) -> list[Json]:
        """In, each cell transformed and as written."""
        told: list[Json] = await self._guest("history", None)
        return told

    async def took(
        self,
        count: int | None,
        source: str,
        deleted: Sequence[str],
        pending: Mapping[str, Json],
    ) -> None:
        """A cell ran elsewhere as In[count], and deleted names; others are pending now."""
        told = {"count": count, "source": source, "deleted": list(deleted), "pending": pending}
        await self._guest("took", told)

    async def loaded(self, results: Sequence[int], pending: Mapping[str, Json]) -> None:
        """Puts loaded results into Out, and tells what is still pending."""
        await self._guest("loaded", {"results": list(results), "pending": pending})

    async def _guest(self, step: str, told: Any) -> Any:
        # An interrupt is for cells: what is told beside them is told again.
        while True:
            with contextlib.suppress(Stopped):
                return await self._call(
                    "dossier_worker.kernel.guest", "call", [step, json.dumps(told)]
                )

    async def environment(self, modules: Sequence[str], names: Sequence[str]) -> Json:
        """What the kernel has installed and bound (`values.remote.environment_json`)."""
        request = {"modules": list(modules), "names": list(names)}
        found: Json = await self._remote("environment_json", request)
        return found

    async def _remote(self, function: str, request: Json) -> Any:
        arguments = [str(self._blobs), json.dumps(request)]
        return await self._call("dossier_worker.values.remote", function, arguments)

    async def _call(self, module: str, function: str, arguments: list[str]) -> Any:
        call = f"{str(self._archive)!r}, {module!r}, {function!r}, {arguments!r}"
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
        if result.get("ename") == "KeyboardInterrupt":
            raise Stopped
        if result["status"] != "ok":
            raise KernelFault(f"the kernel refused: {result['ename']}: {result['evalue']}")
        return json.loads(ast.literal_eval(result["data"]["text/plain"]))

    async def _request(self, expression: str) -> Json:
        before = process_of(self._manager)
        client = self._manager.client()
        # Clients of a manager have one name, to which the kernel answers: one hears the other's.
        client.session.session = uuid.uuid4().hex
        client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
        asked = ""
        probes: set[str] = set()
        pause, waited = LOOK, 0.0
        try:
            while True:
                asked = asked or client.execute(
                    "",
                    silent=True,
                    store_history=False,
                    user_expressions={"dossier": expression},
                    allow_stdin=False,
                    stop_on_error=False,
                )
                try:
                    message = await client.get_shell_msg(timeout=LOOK)
                except Empty:
                    message = None
                # What was asked may be answered by the process that came after a restart.
                ended = process_of(self._manager) != before
                if ended or (message is None and not await self._manager.is_alive()):
                    raise KernelFault("the kernel ended or was restarted meanwhile")
                if message is None:
                    waited += LOOK
                    if waited >= pause:  # ever less often: it may be busy for hours
                        probes.add(client.kernel_info())
                        pause *= 2
                    continue
                answered = message["parent_header"].get("msg_id")
                content: Json = message["content"]
                if answered == asked and content.get("status") == "aborted":
                    asked = ""  # a cell before it failed: it was not looked at
                    # What is answered to these was asked before what is asked now.
                    probes.clear()
                    pause, waited = LOOK, 0.0
                elif answered == asked:
                    return content
                elif answered in probes:
                    # It answers in order: an interrupt took what it was asked before, unanswered.
                    raise Stopped
        finally:
            client.stop_channels()


def process_of(manager: Any) -> Any:
    """What tells one process of a kernel from the one after a restart."""
    return getattr(manager.provisioner, "pid", None)
