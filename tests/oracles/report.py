# ruff: noqa: E501 (prose in long lines)
"""From the results of full runs to docs/same-result.md: `python -m tests.oracles.report`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from .results import BUILD, ROOT, conditions

Json = dict[str, Any]
PAGE = ROOT / "docs" / "same-result.md"

_HEAD = """# Same result

<!-- Written by `python -m tests.oracles.report`; the text stands there. -->

A workflow run gives the outputs of Restart & Run All, whatever runs where and in whatever order, for cells that are deterministic on the recorded conditions: package versions, interpreter, hash seed, thread counts, CPU class. Equal means equal after joining successive texts of a stream, with addresses, file names of ipykernel, counters in HTML ids and values of timing magics replaced, and with pictures compared by pixels (`jupyterlab_dossier/runs/history/compare.py`). Outputs beyond a target's limits (128 KiB of text, 32 MiB of displays in one cell) are cut short, with a note.

What holds it up: a static analysis that orders what it cannot prove free, a check while a cell runs that notices what the analysis did not foresee, and oracles that need no labels, so that nobody's opinion of a notebook is in the way:

- **Order.** Workflow runs through the real engine, ready cells started in random and in adversarial orders. Every output must be that of Restart & Run All.
- **Edits.** A notebook and a copy with one edit by rule (a constant, an operator, a mutator, a name, a default, a helper, a set-up statement, a file's content, a magic; cells swapped, moved, deleted, inserted), both run in full. Every cell whose outputs or values differ must be among those that `jupyter dossier stale` marks, forth and back.
- **Reuse.** Edits by the same rules follow each other in one ledger, so that results of many versions lie ready to be taken wrongly. Each is run fresh, and again in the same state of its folder taking what it can from earlier runs; no cell may show anything else.
- **Generated notebooks.** Random statements over shared state, run in random allowed orders.
- **Mutants of the analysis.** Each rule and each category of library data is switched off in turn; some oracle must fail, so that no rule stands untested.
- **Precision.** What cells really need of each other, by tracing a run: which names they look up (functions too), which objects were changed by whom, files, random generators. Every traced pair must be ordered by the graph; how many more it orders is its price. Matching names alone orders less and is wrong: it misses shared objects, late binding and files.

## Results
"""

_TAIL = """
## Limits

- Cells that are not deterministic (clocks, entropy, the network, races of threads) have no one result to be equal to. Global random generators travel as values; one that nobody seeded starts differently in each run, as in a kernel.
- Filters of warnings that a library adds when it is imported may stand in another order to those of the notebook, or be there before its import. A cell that looks at all of them runs where all cells before it ran.
- What a module finds in its environment and folder when it is imported is what the set-up before its import left, where a cell uses a name that was imported. A module that comes with a value only (an instance of its class), or that is imported in a worker kernel which stays for what lives in it, may find what later set-up left.
- Floating-point sums depend on the number of threads and the class of CPU. Both are set alike and recorded in a run; another machine may round otherwise.
- An edit marks the cells that look at what was edited. A cell that fails for what its values are is told by its run, not foreseen.
- The analysis sees the notebook's source. Code in compiled extensions is known by its documentation (`jupyterlab_dossier/dataflow/library`); an unknown callable may change all that it can reach.

## What no analysis sees

This list is closed. A cell that is seen to use one of these while it runs is run again in a worker kernel that has executed all cells before it, in order.

- `gc.get_objects`, `gc.get_referrers`, `gc.get_referents`
- frames: `sys._getframe`, `inspect.currentframe` and `inspect.stack`, `sys.settrace`, `sys.setprofile`
- `ctypes`, and native code that writes into objects which it was not given
"""

_NAMES = {
    "order": "Order",
    "edits": "Edits",
    "reuse": "Reuse",
    "generated": "Generated notebooks",
    "mutants": "Mutants of the analysis",
    "precision": "Precision",
}


def _table(rows: Json, head: tuple[str, str] = ("", "")) -> list[str]:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---:|"]
    return [*lines, *(f"| {_words(name)} | {_shown(value)} |" for name, value in rows.items())]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def _order(data: Json) -> list[str]:
    from .order import summary

    # A run that was cut has notebooks that were only begun.
    found = summary([entry for entry in data["notebooks"].values() if "freedom" in entry])
    found = {name: value for name, value in found.items() if not isinstance(value, dict)}
    shares = {
        "share of cells that are barriers": found["barriers"] / max(1, found["cells"]),
        "share of pairs that are forced": found["forced"] / max(1, found["pairs"]),
        "share of pairs really run out of order": found["out_of_order"]
        / max(1, found["pairs_run"]),
    }
    return _table({**found, **{name: f"{value:.1%}" for name, value in shares.items()}})


def _precision(data: Json) -> list[str]:
    from .precision import Precision, summary

    lines = _table(summary([Precision(**one) for one in data["entries"].values()]))
    columns = ["cells", "barriers", "possible", "needed", "traced", "forced", "firm", "by_names"]
    columns += ["missed_by_names"]
    lines += ["", f"| notebook | {' | '.join(map(_words, columns))} | forced / traced |"]
    lines += ["|---" + "|---:" * (len(columns) + 1) + "|"]
    for name, one in data["entries"].items():
        cells = " | ".join(str(one[column]) for column in columns)
        lines.append(f"| {name} | {cells} | {one['forced'] / max(1, one['traced']):.2f} |")
    return lines


def _mutants(data: Json) -> list[str]:
    killers = data["killers"]
    return _table(
        {
            "mutants that some program can tell": len(killers),
            "noticed": sum(killer is not None for killer in killers.values()),
            "that make no difference, for reasons given beside them": len(data["equivalent"]),
        }
    )


def _summary(data: Json) -> list[str]:
    if "summary" not in data:
        return ["The run has not come to its end."]
    return _table(data["summary"])


_WAYS: dict[str, Callable[[Json], list[str]]] = {
    "order": _order,
    "mutants": _mutants,
    "precision": _precision,
}


def _before(title: str) -> list[str] | None:
    """What the page says under this title now: the results may have come from another machine."""
    if not PAGE.exists():
        return None
    _, found, after = PAGE.read_text(encoding="utf-8").partition(f"\n### {title}\n\n")
    return [re.split(r"\n##", after, maxsplit=1)[0].rstrip("\n"), ""] if found else None


def page() -> str:
    """The whole page, from what full runs have left; a part that left nothing here stays."""
    now = conditions()
    versions = ", ".join(f"{name} {version}" for name, version in now["versions"].items())
    lines = [_HEAD, f"With Python {now['python']}, {versions}.", ""]
    for part, title in _NAMES.items():
        lines += [f"### {title}", ""]
        try:
            data = json.loads((BUILD / f"{part}.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            lines += _before(title) or [f"Not run yet: `make test-full PART={part}`.", ""]
            continue
        told = [f"{key} {data[key]}" for key in ("date", "seed") if key in data]
        lines += [*([", ".join(told).capitalize() + ".", ""] if told else [])]
        lines += [*_WAYS.get(part, _summary)(data), ""]
    return "\n".join(lines) + _TAIL


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
