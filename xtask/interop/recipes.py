"""The recipes of docs/emulator.md: their files are written as they are there, and their lines are run."""

import os
import re
import subprocess
import tempfile
from pathlib import Path


def project(*names):
    """A folder with the scenario of the guide, the command in .tools/bin, and the recipe's files `names`."""
    guide = Path(os.environ["IMS_RECIPES"]).read_text()
    folder = Path(tempfile.mkdtemp(prefix="recipe-", dir="."))
    blocks = re.findall(r"^```\w[^\n]*\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    start = next(block for block in blocks if "cat > scenario.toml" in block)
    lines = start[: start.index("\nEND\n") + len("\nEND\n")]
    subprocess.run(["sh", "-euc", lines], cwd=folder, check=True, stderr=subprocess.DEVNULL)
    for name in names:
        files = [block for block in blocks if re.match(rf"(#|//) {re.escape(name)}\n", block)]
        assert len(files) == 1, f"the guide has {len(files)} blocks for {name}"
        (folder / name).write_text(files[0])
    (folder / ".tools/bin").mkdir(parents=True)
    (folder / ".tools/bin/ims").symlink_to(os.environ["IMS_COMMAND"])
    return folder


def run(folder, *command):
    """Runs `command` in `folder`, without the proxy that other scripts need; ends with its exit code."""
    environment = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
    raise SystemExit(subprocess.run(command, cwd=folder, env=environment).returncode)
