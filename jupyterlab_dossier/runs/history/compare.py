"""Equal outputs: the one function that says whether two lists of outputs are the same.

Equal, as the design has it, after joining successive texts of one stream, with addresses,
temporary file names of ipykernel, process counters in HTML ids and values of timing magics
replaced, and with pictures compared by pixels.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from typing import Any

from ..model import Json
from ..workers.comms import WIDGET_PLACE, WIDGET_VIEW

_REPLACED = [
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), "0xADDRESS"),
    # scikit-learn shortens texts in the middle.
    (re.compile(r"\.\.\.x?[0-9a-fA-F]{6,12}(?=>|&gt;)"), "...ADDRESS"),
    # ipykernel names a cell's file after its process; IPython shows `Cell In[3], line 1`.
    (re.compile(r"[\w./\\-]*ipykernel_\d+[/\\]\d+\.py"), "CELL.py"),
    # scikit-learn numbers the estimators that a process has shown.
    (re.compile(r"sk-container-id-\d+"), "sk-container-id-N"),
    (re.compile(r"sk-estimator-id-\d+"), "sk-estimator-id-N"),
    # %time and %timeit: a number with a unit, or a line of CPU times.
    (
        re.compile(
            r"(CPU times: |Wall time: |user |sys: |total: )[\d.e+]+ (?:ns|[uµμ]s|ms|s|min)\b"
        ),
        r"\1TIME",
    ),
    (
        re.compile(r"[\d.]+ (?:ns|[uµμ]s|ms|s) ± [\d.]+ (?:ns|[uµμ]s|ms|s) per loop"),
        "TIME per loop",
    ),
    (re.compile(r"\d[\d,]* loops? each"), "N loops each"),
]


def differences(ours: Sequence[Json], theirs: Sequence[Json]) -> list[str]:
    """What differs between two cells' outputs, in words; empty where they are equal."""
    left, right = _joined(ours), _joined(theirs)
    if len(left) != len(right):
        return [f"{len(left)} outputs instead of {len(right)}: {_kinds(left)} / {_kinds(right)}"]
    found = []
    for index, (a, b) in enumerate(zip(left, right, strict=True)):
        found += [f"output {index}: {words}" for words in _differ(a, b)]
    return found


def text(value: Any) -> str:
    """A text of an output as it is compared."""
    joined = "".join(value) if isinstance(value, list) else str(value)
    for pattern, replacement in _REPLACED:
        joined = pattern.sub(replacement, joined)
    return joined


def _joined(outputs: Sequence[Json]) -> list[Json]:
    """Joins texts of one stream; stdout and stderr between two others are compared apart.

    How lines of the two streams interleave depends on when buffers are flushed, also in a kernel.
    """
    result: list[Json] = []
    streams: dict[str, Json] = {}
    for output in outputs:
        if output["output_type"] != "stream":
            streams = {}
            result.append(output)
            continue
        words = "".join(output["text"]) if isinstance(output["text"], list) else output["text"]
        if output["name"] in streams:
            streams[output["name"]]["text"] += words
        else:
            streams[output["name"]] = {
                "output_type": "stream",
                "name": output["name"],
                "text": words,
            }
            result.append(streams[output["name"]])
    return _sorted_streams(result)


def _sorted_streams(outputs: list[Json]) -> list[Json]:
    result: list[Json] = []
    for output in outputs:
        before = result[-1] if result else None
        if (
            before is not None
            and output["output_type"] == before["output_type"] == "stream"
            and output["name"] > before["name"]
        ):
            result.insert(-1, output)
        else:
            result.append(output)
    return result


def _differ(a: Json, b: Json) -> list[str]:
    if a["output_type"] != b["output_type"]:
        return [f"{a['output_type']} instead of {b['output_type']}"]
    kind = a["output_type"]
    if kind == "stream":
        if a["name"] != b["name"]:
            return [f"{a['name']} instead of {b['name']}"]
        return _texts(a["name"], a["text"], b["text"])
    if kind == "error":
        return (
            _texts("error", a["ename"], b["ename"])
            + _texts("error", a["evalue"], b["evalue"])
            + _texts("traceback", "\n".join(a["traceback"]), "\n".join(b["traceback"]))
        )
    found = []
    ours, theirs = (
        {mime: value for mime, value in output["data"].items() if mime != WIDGET_PLACE}
        for output in (a, b)
    )
    if set(ours) != set(theirs):
        return [f"types {sorted(ours)} instead of {sorted(theirs)}"]
    for mime, value in ours.items():
        if mime == WIDGET_VIEW:
            continue  # it has the widget's random name only
        other = theirs[mime]
        if mime.startswith("image/") and mime != "image/svg+xml":
            if not _same_picture(value, other):
                found.append(f"the pictures ({mime}) differ")
        elif isinstance(value, (str, list)):
            found += _texts(mime, value, other)
        elif value != other:
            found.append(f"{mime} differs")
    return found


def _texts(where: str, a: Any, b: Any) -> list[str]:
    ours, theirs = text(a), text(b)
    if ours == theirs:
        return []
    at = next(
        (i for i, (x, y) in enumerate(zip(ours, theirs, strict=False)) if x != y),
        min(len(ours), len(theirs)),
    )
    start = max(0, at - 30)
    return [f"{where}: {ours[start : at + 60]!r} instead of {theirs[start : at + 60]!r}"]


def _same_picture(a: str | list[str], b: str | list[str]) -> bool:
    one, two = ("".join(x) if isinstance(x, list) else x for x in (a, b))
    if one.strip() == two.strip():
        return True
    try:
        from PIL import Image
    except ImportError:
        return False
    try:
        first, second = (
            Image.open(io.BytesIO(base64.b64decode(x))).convert("RGBA") for x in (one, two)
        )
    except Exception:
        return False
    return first.size == second.size and first.tobytes() == second.tobytes()


def _kinds(outputs: Sequence[Json]) -> str:
    return ", ".join(o["output_type"] for o in outputs) or "none"
