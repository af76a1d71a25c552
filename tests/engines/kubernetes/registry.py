"""A registry of images that the node pulls from."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from namespaces import IMAGE, PATIENCE

CONFIG = """\
version: 0.1
log: {{accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


class Registry:
    """Debian's registry, with its images in a folder."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._config = folder / "registry.yml"
        self._config.write_text(CONFIG.format(folder=folder / "registry", port=self._port))
        self.serve()

    def serve(self) -> None:
        """Returns when it answers."""
        self._process = subprocess.Popen(
            ["docker-registry", "serve", self._config], stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "listening on" in line:
                threading.Thread(target=self._process.stderr.read, daemon=True).start()
                return
        raise AssertionError("the registry does not start")

    def push(self) -> str:
        """The tests' image under a name of this registry, which the node does not have."""
        name = f"localhost:{self._port}/base:1"
        _images("tag", IMAGE, name)
        _images("push", "--plain-http", name)
        _images("rm", name)
        return name

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """It takes connections and does not answer."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)


def _images(*arguments: str) -> None:
    """The images of the node's containerd."""
    at = Path(os.environ["STATE"]) / "containerd.sock"
    subprocess.run(
        ["ctr", "-a", at, "-n", "k8s.io", "images", *arguments], check=True, capture_output=True
    )
