"""A process that says which variables of two runs have the same value.

It reads one JSON document, `{"blobs": folder, "folder": where the notebook is, "renamed": [old,
new] or null, "manifests": {version: manifest}, "pairs": [{"left", "right": version}]}`, and writes
a JSON line for each pair: `{"state": "same", "differs" or "unknown", "words", "small"}`. `small`
says that numbers differ as rounding makes them differ. Where it dies over a pair, the lines end.
"""

from __future__ import annotations

import json
import os
import sys
from typing import IO, Any

from .blobs import BlobFolder
from .values import LoadError, Values
from .values.same import Differs, Unknown, compare

_WORDS = 1000


def main(given: IO[str], answers: IO[str]) -> None:
    asked = json.load(given)
    os.chdir(asked["folder"])
    sys.path.insert(0, asked["folder"])
    renamed = asked.get("renamed")

    def texts(text: str) -> str:
        return text.replace(renamed[0], renamed[1]) if renamed else text

    blobs = BlobFolder(asked["blobs"])
    spaces: list[dict[str, Any]] = [{"__name__": "__main__"} for _ in range(2)]
    sides = [Values(space, blobs) for space in spaces]
    for pair in asked["pairs"]:
        answer: dict[str, Any] = {"state": "same", "words": "", "small": False}
        try:
            for side, version in zip(sides, (pair["left"], pair["right"]), strict=True):
                side.load({"value": version}, asked["manifests"])
            compare(spaces[0]["value"], spaces[1]["value"], texts)
        except Differs as found:
            answer = {"state": "differs", "words": str(found), "small": found.small}
        except (LoadError, Unknown) as found:
            answer = {"state": "unknown", "words": str(found), "small": False}
        except Exception as error:  # the user's own code: a `__reduce__`, an `__eq__`
            words = f"{type(error).__name__}: {error}"
            answer = {"state": "unknown", "words": words, "small": False}
        answer["words"] = answer["words"][:_WORDS]
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
