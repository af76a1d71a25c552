"""The server of the browser tests: no token, own folders. Never use it for anything else."""

import os
import tempfile
from pathlib import Path

from jupyterlab.galata import configure_jupyter_server

# The ledger and the store of a test run are its own.
folder = tempfile.mkdtemp(prefix="dossier-ui-tests-")
os.environ["JUPYTER_DATA_DIR"] = folder

# Targets beside those that are always there: one that costs, one that nobody can use, one with
# another environment, and one whose cluster does not answer.
os.environ["JUPYTER_CONFIG_PATH"] = f"{folder}/config"
targets = Path(folder, "config", "dossier", "targets.d")
targets.mkdir(parents=True)
older = Path(__file__).parents[1] / ".venvs/ipykernel6/bin/python"
(targets / "tests.toml").write_text(
    '[big]\nkind = "local"\ncostly = true\nslots = 1\n\n[cluster]\nkind = "hpc"\n\n'
    f'[older]\nkind = "local"\npython = "{older}"\n'
    f'[nowhere]\nkind = "kubernetes"\nkubeconfig = "{folder}/kubeconfig"\n'
    '[nowhere.options]\nimage = "registry.example.org/team/science:1"\nmemory = "2Gi"\n'
    'env = {STAGE = "test"}\n'
)
# Where a cluster runs, its tests say what targets it has.
if at := os.environ.get("DOSSIER_UI_TESTS_TARGETS"):
    (targets / "engines.toml").write_text(Path(at).read_text())

configure_jupyter_server(c)  # noqa: F821

c.ServerApp.allow_root = True  # noqa: F821
c.ServerApp.port = int(os.environ.get("DOSSIER_UI_TESTS_PORT", "8899"))  # noqa: F821
