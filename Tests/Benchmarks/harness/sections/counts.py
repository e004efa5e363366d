"""What the guard counts, for the released programs."""
import json
import pathlib
import tempfile

import guard

from ..paths import PROGRAMS
from ..statistics_of import table

NAME, TITLE = "counts", "Counted: a batch of 500 orders"


def run(bench) -> dict:
    with tempfile.TemporaryDirectory(prefix="tallyman-guard-", dir=bench.servers.folder) as folder:
        pathlib.Path(folder).chmod(0o755)
        counted = guard.Guard(PROGRAMS, pathlib.Path(folder))
        try:
            return {"measured": counted.measured(), "bounds": json.loads(guard.BOUNDS.read_text())}
        finally:
            counted.stop()


def text(data: dict) -> str:
    rows = [[name, "valgrind is not installed" if value is None else f"{value:,.1f}", f"{data['bounds'][name]['release']:,}"]
            for name, value in data["measured"].items()]
    return ("Two-line orders through the pipeline of the released allocation-worker, from the delivery's bytes to COMMIT, "
            "libpq included; counted by `Tests/Benchmarks/guard.py`, without a clock.\n\n"
            + table(["", "counted", "bound"], rows))
