#!/bin/sh
# environment.sh NAME WHEEL: the environment .venvs/NAME with that version of Jupyter and the wheel.
set -eu
name=$1 wheel=$2
case $name in
  lab44) python=3.10 jupyter='jupyterlab==4.4.*' ;;
  lab45) python=3.12 jupyter='jupyterlab==4.5.*' ;;
  notebook7) python=3.13 jupyter='notebook==7.*' ;;
  *) echo "no such environment: $name" >&2; exit 1 ;;
esac
# Interpreters of pyenv count as installed; where that Python is not there, the one at hand serves.
for folder in "${HOME:-}"/.pyenv/versions/*/bin; do PATH=$PATH:$folder; done
at=.venvs/$name
if ! test -e "$at/made"; then
  uv venv --quiet --clear --no-python-downloads --python "$python" "$at" 2>/dev/null ||
    uv venv --quiet --clear "$at"
  uv pip install --quiet --compile-bytecode --python "$at/bin/python" "$jupyter" matplotlib "$wheel"
  touch "$at/made"
fi
uv pip install --quiet --offline --python "$at/bin/python" --reinstall --no-deps "$wheel"
"$at/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

print(f"Python {sys.version.split()[0]}, JupyterLab {version('jupyterlab')}")
PYTHON
