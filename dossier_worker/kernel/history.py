"""IPython's history in a kernel some of whose cells ran in another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .shell import count_from


def took(shell: Any, count: int, source: str) -> None:
    """A cell ran elsewhere as In[count]; unless this kernel has gone on meanwhile."""
    if count < shell.execution_count:
        return
    count_from(shell, count)
    if shell.history_manager is not None:
        try:
            transformed = shell.transform_cell(source)
        except Exception:
            transformed = source
        shell.history_manager.store_inputs(count, transformed, source)
    shell.execution_count = count + 1


def inputs(shell: Any) -> list[tuple[str, str]]:
    """(transformed, as written) of In[0], In[1], …"""
    history = shell.history_manager
    if history is None:
        return []
    return list(zip(history.input_hist_parsed, history.input_hist_raw, strict=True))


def results(shell: Any) -> list[int]:
    """The numbers of the cells whose results are here."""
    return sorted(n for n in shell.user_ns.get("_oh", ()) if isinstance(n, int))


def recall(shell: Any, told: Sequence[Sequence[str]], numbers: Sequence[int]) -> None:
    """Makes In what it is in another kernel, and Out as far as these results were loaded."""
    history = shell.history_manager
    if history is not None and told:
        history.input_hist_parsed[:] = [transformed for transformed, _ in told]
        raw = history.input_hist_raw[:] = [written for _, written in told]
        history._i00, history._i, history._ii, *_ = [*reversed(raw[1:]), "", "", ""]
        earlier = {f"_i{number}": text for number, text in enumerate(raw) if number}
        shell.push(earlier, interactive=False)
    for number in sorted(numbers):
        if f"_{number}" in shell.user_ns:
            keep(shell, number, shell.user_ns[f"_{number}"])


def keep(shell: Any, number: int, value: Any) -> None:
    """Out[number] is this value; `_`, `__` and `___` move as if it had been shown in its turn."""
    shown: dict[int, Any] = shell.user_ns["_oh"]
    if shown.get(number, shell) is value:
        return
    later = sum(1 for other in shown if other > number)
    known = number in shown
    shown[number] = value
    # By push, since IPython takes what is bound otherwise for the user's.
    shell.push({f"_{number}": value}, interactive=False)
    hook = shell.displayhook
    latest = [hook._, hook.__, hook.___]
    if later > 2 or not _follows(shell, latest):
        return
    if known:
        latest[later] = value
    else:
        latest.insert(later, value)
    hook._, hook.__, hook.___ = latest[:3]
    shell.push({"_": hook._, "__": hook.__, "___": hook.___}, interactive=False)


def _follows(shell: Any, latest: Sequence[Any]) -> bool:
    """Whether `_` and the like are IPython's: what the user has bound stays."""
    names: Mapping[str, Any] = shell.user_ns
    hidden: Mapping[str, Any] = shell.user_ns_hidden
    for name, value in zip(("_", "__", "___"), latest, strict=True):
        if name in names and names[name] is not hidden.get(name, value):
            return False
    return True
