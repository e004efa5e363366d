"""Lanes and workers: how throughput grows, and what the lanes wait for."""
import threading
import time

from .. import database
from ..statistics_of import table

NAME, TITLE = "scaling", "Lanes and workers"
SHAPES = ((1, 1), (1, 2), (1, 4), (1, 8), (2, 2), (4, 2))  # workers, lanes of each
SAMPLE = """
select coalesce(wait_event_type || ':' || wait_event, 'running'), count(*)
from pg_stat_activity
where application_name like 'allocation-worker%' and state <> 'idle' group by 1
"""


class Sampler:
    """Looks every 20 ms at what the workers' backends do. A context manager."""

    def __init__(self, url: str):
        self.url, self.counts, self.samples = url, {}, 0
        self.stop = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self._look)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def _look(self):
        with database.Psql(self.url) as psql:
            while not self.stop.wait(0.02):
                self.samples += 1
                for what, count in psql.rows(SAMPLE):
                    self.counts[what] = self.counts.get(what, 0) + int(count)


def run(bench) -> dict:
    n = 100_000 if bench.full else 30_000
    data = {"n": n, "runs": []}
    for _ in range(3 if bench.full else 1):
        for kind in ("zipf", "hot"):
            for workers, lanes in SHAPES:
                if kind == "hot" and not bench.full and (workers, lanes) not in ((1, 1), (1, 2), (1, 4)):
                    continue
                result = measure(bench, workers, lanes, kind, n)
                data["runs"].append(result)
                bench.say(f"{kind}, {workers} workers of {lanes} lanes: {result['end_to_end_per_s']}/s, "
                          f"allocated {result['allocated_per_s']}/s, broken: {result['broken']}")
    return data


def measure(bench, workers: int, lanes: int, kind: str, n: int) -> dict:
    rig = bench.rig()
    rig.prepare()
    worker, relay = rig.contestant.start_commands
    rig.contestant.overrides = {"TALLYMAN_LANES": str(lanes)}
    sampler = Sampler(rig.contestant.database)
    with database.Psql(rig.contestant.database) as psql:
        before = commits_and_deadlocks(psql)
        result = rig.throughput(n, kind, commands=[worker] * workers + [relay], sampler=sampler)
        time.sleep(1)  # backends report what they did within a second
        after = commits_and_deadlocks(psql)
    waits = {k: round(v / max(1, sampler.samples), 2) for k, v in sampler.counts.items()}
    return {"workers": workers, "lanes": lanes, "kind": kind, **result, "waits": waits,
            "deadlocks": after[1] - before[1]}


def commits_and_deadlocks(psql) -> list[int]:
    return [int(v) for v in psql.rows(
        "select xact_commit, deadlocks from pg_stat_database where datname = current_database()")[0]]


def text(data: dict) -> str:
    rows = []
    for r in data["runs"]:
        waits = dict(sorted(r["waits"].items(), key=lambda w: -w[1]))
        locks = sum(v for k, v in waits.items() if k.startswith("Lock:"))
        shown = ", ".join(f"{k} {v}" for k, v in list(waits.items())[:4])
        rows.append([r["kind"], r["workers"], r["lanes"], f"{r['end_to_end_per_s']:,}", f"{r['allocated_per_s']:,}",
                     f"{locks:.2f}", shown, r["deadlocks"], "yes" if r["broken"] else "no"])
    return (f"{data['n']:,} orders of two lines. \"Waits\" are backends of the workers in that state on average, sampled "
            "every 20 ms: `Lock:` for another lane's rows, `IO:WALSync` and `LWLock:WALWrite` for the log's flush, "
            "`Client:ClientRead` for the worker inside of a transaction.\n\n"
            + table(["load", "workers", "lanes each", "orders/s end to end", "committed/s", "lanes waiting for locks",
                     "waits", "deadlocks", "broken"], rows))
