"""Runs sections and keeps what they found."""
import json
import os
import time

from . import conditions, processes, report
from .contestants import Contestant
from .paths import OUTPUT
from .rig import Rig
from .servers import Servers

RESULTS = OUTPUT / "results.json"


class Bench:
    """What a section needs."""

    def __init__(self, servers: Servers, full: bool):
        self.servers = servers
        self.full = full
        self.names = ["tallyman", "c"]
        self.started = time.monotonic()

    def rig(self, name: str = "tallyman", database: str = "postgres") -> Rig:
        return Rig(Contestant(name, self.servers, database))

    def say(self, line: str) -> None:
        print(f"[{time.monotonic() - self.started:6.0f} s] {line}", flush=True)


def load_results() -> dict:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def keep(section, data: dict, where: dict, full: bool, seconds: float, disturbed: float) -> None:
    """Adds a section's data to what earlier runs left, and writes tables and plots anew."""
    results = load_results()
    results[section.NAME] = {"conditions": where, "full": full, "seconds": round(seconds),
                             "disturbed": disturbed, "data": data}
    OUTPUT.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1))
    report.write(results)


def run(sections: list, full: bool) -> bool:
    """Runs sections one after the other on the same servers. Returns whether all of them came to an end."""
    fine = True
    with Servers() as servers:
        where = conditions.all_of(servers)
        bench = Bench(servers, full)
        for section in sections:
            bench.say(f"== {section.TITLE}, load {os.getloadavg()[0]:.1f}")
            start, niced = time.monotonic(), processes.Niced()
            try:
                data = section.run(bench)
            except Exception as error:  # the others are worth running all the same
                if os.environ.get("BENCH_TRACE"):
                    raise
                bench.say(f"{section.NAME} failed: {type(error).__name__}: {error}")
                fine = False
                continue
            keep(section, data, where, full, time.monotonic() - start, niced.share())
            print("\n" + section.text(data) + "\n", flush=True)
    return fine
