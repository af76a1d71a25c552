"""The user's kubeconfig read, with its login command kept within bounds.

The client library starts that command with the terminal's input, and neither limits nor ends it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
from kubernetes_asyncio import client as k
from kubernetes_asyncio.config import ConfigException, kube_config

# Seconds for a login command: it may wait for the user in a browser.
LOGIN = 60.0
# Seconds more until what it left with its output open is no longer waited for.
_MORE = 5.0

_BOUNDED = Path(__file__).with_name("bounded.py")


class LoginWaits(Exception):
    """A login has not ended in its time; the text names its command."""


class _Loader(kube_config.KubeConfigLoader):
    tell: Callable[[str], None]

    async def load_from_exec_plugin(self) -> bool:
        user = self._user.value if self._user is not None else {}
        asked = user["exec"]
        args = asked.get("args") or []
        if not isinstance(args, list):
            raise ConfigException("exec: args must be a list")
        command = str(asked["command"])
        bounded = ["-I", str(_BOUNDED), str(LOGIN), command, *map(str, args)]
        user["exec"] = {**asked, "command": sys.executable, "args": bounded}
        self.tell(command)
        try:
            begun = anyio.current_time()
            try:
                with anyio.fail_after(LOGIN + _MORE):
                    return bool(await super().load_from_exec_plugin())
            except Exception:
                if anyio.current_time() < begun + LOGIN:
                    raise
                words = f"its login command {command!r} has not ended within {LOGIN:.0f} s"
                raise LoginWaits(words) from None
        finally:
            user["exec"] = asked  # the file may be written, with another login's tokens


async def load(
    path: str | None, context: str | None, settings: k.Configuration, tell: Callable[[str], None]
) -> str | None:
    """Logs in as a kubeconfig says; the namespace of its context, where it names one.

    `tell` hears of the command that is waited for.
    """
    # A file with many clusters takes a second, and one of a network's file system may take longer.
    where = path or kube_config.KUBE_CONFIG_DEFAULT_LOCATION
    files = await asyncio.to_thread(kube_config.KubeConfigMerger, where)
    if files.config is None:
        raise ConfigException("Invalid kube-config file. No configuration found.")
    loader: Any = _Loader(
        config_dict=files.config, config_base_path=None, active_context=context,
        config_persister=files.save_changes,
    )  # fmt: skip
    loader.tell = tell
    await loader.load_and_set(settings)
    namespace: str | None = loader.current_context["context"].get("namespace")
    return namespace
