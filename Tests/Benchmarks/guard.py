#!/usr/bin/env python3
"""Counts what a fixed batch costs and compares it with Tests/CostTests/bounds.json. Nothing here looks at a clock.

  guard.py FOLDER               FOLDER holds the programs: .build/debug or .build/release

500 orders of two lines make a batch, and for what a batch costs however small it is one order does; `batch-cost` takes
batches through the allocation-worker's pipeline on a private PostgreSQL. Start-up cancels out: a run of six batches is
compared with one of two (102 with two, of one order). Round trips are Syncs and flush
requests, statements are executions, allocations are calls of malloc and its kin by the program and libpq, all counted by a
preloaded library. Instructions are callgrind's, through decoding and deciding alone. The log's bytes are the distance
between two positions of the write-ahead log with full-page images off (they depend on when the last checkpoint was) and
autovacuum off, the same statements each time.
"""
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from harness import database
from harness.paths import BENCHMARKS, CHECKOUT, LOCAL

BOUNDS = CHECKOUT / "Tests/CostTests/bounds.json"
ORDERS, FEW, MANY = 500, 2, 6
# Of batches of one order: enough that the lists that grow now and then do not matter.
MANY_SMALL = 102
QUIET = {"full_page_writes": "off", "autovacuum": "off", "fsync": "off"}


class Guard:
    """A database with stock, and the programs."""

    def __init__(self, programs: pathlib.Path, folder: pathlib.Path):
        self.programs, self.folder = programs, folder
        self.url = self._postgres("start")
        for name, value in QUIET.items():
            database.execute(self.url, f"alter system set {name} = {value}")
        database.execute(self.url, "select pg_reload_conf()")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TALLYMAN_")}
        subprocess.run([str(programs / "tallyman"), "migrate"], check=True, stdout=subprocess.DEVNULL,
                       env={**environment, "TALLYMAN_DATABASE_URL": self.url})
        database.script(self.url, BENCHMARKS / "peers/seed.sql", skus=1000, locations=2, lots=0, stock=1_000_000)

    def _postgres(self, command: str) -> str:
        words = ["bash", str(LOCAL / "postgres.sh"), command, str(self.folder / "pg")]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip().split("\n")[-1]

    def stop(self) -> None:
        self._postgres("kill")

    def run(self, mode: str, name: str, batches: int, before: list[str] | None = None, orders: int = ORDERS,
            **variables) -> None:
        command = [*(before or []), str(self.programs / "batch-cost"), self.url, mode, name, str(batches), str(orders)]
        # Otherwise each process hashes in its own way, and counts differ by a few.
        environment = {**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1", **variables}
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        if result.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: {result.stdout} {result.stderr}")

    # What is counted

    @functools.cached_property
    def counter(self) -> pathlib.Path:
        """The library that counts."""
        library = self.folder / "counter.so"
        compiler = next(c for c in ("cc", "gcc", "clang") if shutil.which(c))
        subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-o", str(library),
                        str(BENCHMARKS / "c/counter.c"), "-ldl"], check=True)
        return library

    def counts(self, orders: int = ORDERS, many: int = MANY) -> dict:
        """Per batch, from the preloaded library."""
        found = []
        for batches in (FEW, many):
            file = self.folder / "counts"
            self.run("pipeline", f"counted{orders}x{batches}", batches, orders=orders, LD_PRELOAD=str(self.counter),
                     COUNTER_FILE=str(file))
            found.append(json.loads(file.read_text()))
        return {name: (found[1][name] - found[0][name]) / (many - FEW) for name in found[0]}

    def log_bytes(self) -> float:
        """Of the write-ahead log, per order."""
        position = "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
        with database.Psql(self.url) as psql:
            psql.rows("checkpoint")
            before = psql.number(position)
            self.run("pipeline", "logged", MANY)
            return (psql.number(position) - before) / (MANY * ORDERS)

    def instructions(self) -> float | None:
        """Per order through decoding and deciding; None without valgrind."""
        if not shutil.which("valgrind"):
            return None
        file = self.folder / "callgrind"
        # The functions themselves, whose mangled names end in F, and not their closures.
        tool = ["valgrind", "-q", "--demangle=no", "--tool=callgrind", f"--callgrind-out-file={file}",
                "--toggle-collect=*countedDecoding*F", "--toggle-collect=*countedVerdicts*F"]
        self.run("decide", "decided", 1, before=tool)
        total = int(re.search(r"^(?:summary|totals): (\d+)", file.read_text(), re.M)[1])
        if total < ORDERS * 1000:
            raise SystemExit(f"callgrind saw {total} instructions: are the counted functions still called so?")
        return total / ORDERS

    def measured(self) -> dict:
        counts = self.counts()
        return {
            "round trips per batch": counts["round_trips"],
            "statements per batch": counts["statements"],
            "WAL bytes per order": self.log_bytes(),
            "allocations per order": counts["allocations"] / ORDERS,
            "allocations of a batch of one order": self.counts(orders=1, many=MANY_SMALL)["allocations"],
            "instructions per order, decoding and deciding": self.instructions(),
        }


def compare(measured: dict, bounds: dict, build: str) -> bool:
    """Prints every figure with its bound. Returns whether all of them hold."""
    if measured.keys() != bounds.keys():
        raise SystemExit(f"{BOUNDS} has other figures than those measured: {sorted(measured.keys() ^ bounds.keys())}")
    fine = True
    for name, value in measured.items():
        bound = bounds[name][build]
        if value is None:
            print(f"{name}: not counted, valgrind is not installed")
            continue
        verdict = "within" if value <= bound else "ABOVE"
        fine &= value <= bound
        print(f"{name}: {value:,.1f}, {verdict} the bound of {bound:,}")
    return fine


def main() -> int:
    programs = pathlib.Path(sys.argv[1]).resolve()
    build = "release" if programs.name == "release" else "debug"
    # Every user can enter it: PostgreSQL does not run as root.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tallyman-guard-"))
    folder.chmod(0o755)
    guard = None
    try:
        guard = Guard(programs, folder)
        if compare(guard.measured(), json.loads(BOUNDS.read_text()), build):
            return 0
        print(f"A batch has become dearer. If that is meant, the commit that raises a bound in {BOUNDS.name} says why.")
        return 1
    finally:
        if guard:
            guard.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
