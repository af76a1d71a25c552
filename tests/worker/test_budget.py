"""The time that the check of a cell's effects may take."""

from __future__ import annotations

import threading
import time

from dossier_worker.kernel.check.cell import Clock


def test_a_machine_that_is_busy_with_others_leaves_the_budget_as_it_is() -> None:
    clock = Clock(0.05)
    clock.start()
    threading.Event().wait(0.06)
    assert clock.left() > 0.02


def test_what_waits_for_ever_is_given_up_some_time() -> None:
    clock = Clock(0.001)
    clock.start()
    threading.Event().wait(0.02)
    assert clock.left() <= 0


def test_work_is_counted() -> None:
    clock = Clock(0.05)
    clock.start()
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        pass
    assert clock.left() <= 0
    clock.stop()
    assert clock.spent() >= 0.05
