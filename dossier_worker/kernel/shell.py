"""What is done alike to the IPython shell of our own and of a stock kernel."""

from __future__ import annotations

from typing import Any


def reset(shell: Any) -> None:
    """A namespace like a new kernel's; imported modules and other process state stay."""
    shell.reset()
    hook = shell.displayhook
    hook._ = hook.__ = hook.___ = ""
    for name in ("_", "__", "___", "_i", "_ii", "_iii"):
        shell.user_ns.setdefault(name, "")


def count_from(shell: Any, count: int) -> None:
    """Let the next cell be In[count], whatever ran in this kernel before."""
    history = shell.history_manager
    if count < shell.execution_count and history is not None:
        history.new_session()  # its numbers are unique within a session
    shell.execution_count = count
    if history is not None:
        for inputs in (history.input_hist_parsed, history.input_hist_raw):
            del inputs[count:]
            inputs.extend([""] * (count - len(inputs)))
