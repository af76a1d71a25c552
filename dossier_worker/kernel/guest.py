"""What the server asks of the user's own kernel besides values: JSON in and out."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

from . import history, pending


def call(step: str, request: str) -> str:
    """Do one step in the kernel that this runs in."""
    shell = sys.modules["IPython"].get_ipython()
    return json.dumps(_STEPS[step](shell, json.loads(request)))


def key(source: str) -> str:
    """By which a cell's source is known among those that were executed."""
    return hashlib.sha256(source.rstrip("\n").encode(errors="replace")).hexdigest()


def _look(shell: Any, _: Any) -> dict[str, Any]:
    """What the next cell finds here: count, names of the user's, what ran, what was shown."""
    own, hidden = shell.user_ns, shell.user_ns_hidden
    # As %who has it: what IPython itself put there, and has not been bound anew, is not the user's.
    names = [
        name
        for name, value in own.items()
        if (name not in hidden or value is not hidden[name])
        and not (name.startswith("__") and name.endswith("__"))
    ]
    return {
        "count": shell.execution_count,
        "names": names,
        "ran": sorted({key(raw) for _, raw in history.inputs(shell) if raw}),
        "results": history.results(shell),
    }


def _took(shell: Any, told: dict[str, Any]) -> None:
    """A cell ran elsewhere: its place in the history, what it deleted, what it made."""
    if told["count"] is not None:
        history.took(shell, told["count"], told["source"])
    for name in told["deleted"]:
        shell.user_ns.pop(name, None)
    pending.announce(shell, told["pending"])


def _loaded(shell: Any, told: dict[str, Any]) -> None:
    """Values were loaded: results of cells go to their places in Out."""
    history.recall(shell, (), told["results"])
    pending.announce(shell, told["pending"])


def _history(shell: Any, _: Any) -> list[tuple[str, str]]:
    return history.inputs(shell)


_STEPS = {"look": _look, "took": _took, "loaded": _loaded, "history": _history}
