"""More demand than stock, everything twice, and kill -9 under load."""
import time

from .. import database
from ..statistics_of import table

NAME, TITLE = "correctness", "Correctness under load"


def run(bench) -> dict:
    return {name: {"scarce": scarce(bench.rig(name)), "twice": twice(bench.rig(name)),
                   "crash": crash(bench.rig(name), 100_000 if bench.full else 30_000)} for name in bench.names}


def scarce(rig) -> dict:
    """1,000 orders for about 4,000 pieces of one SKU, of which 2 × 500 are there."""
    rig.prepare(stock=500)
    rig.contestant.sql["progress"] = "select 1000000"
    result = rig.throughput(1000, "hot", timeout=60)
    with database.Psql(rig.contestant.database) as psql:
        found = {name: psql.number(sql) for name, sql in rig.contestant.sql["scarce"].items()}
    # What is left over may be less than any line that still waits can take as a whole.
    if not 997 <= found["reserved"] <= 1000:
        result["broken"] = {**(result["broken"] or {}), "reserved": [found["reserved"], 1000]}
    return {**found, "broken": result["broken"]}


def twice(rig) -> dict:
    """Every message is published twice."""
    rig.prepare()
    result = rig.throughput(1000, "zipf", loaded=2000, timeout=60, PEER_TWICE=1)
    return {"broken": result["broken"]}


def crash(rig, n: int) -> dict:
    """kill -9 at a quarter, a half and three quarters of the way; then nothing may be missing."""
    rig.prepare()
    rig.load(n, "zipf")
    sql, kills = rig.contestant.sql, []
    with database.Psql(rig.contestant.database) as psql:
        for quarter in (1, 2, 3):
            with rig.running() as started:
                _wait(lambda: psql.number(sql["committed"]) >= n * quarter // 4, 120)
                for process in started:
                    process.kill()
                    process.wait()
            kills.append(psql.number(sql["committed"]))
        with rig.running():
            _wait(lambda: psql.number(sql["committed"]) >= n and not psql.number(sql["checks"]["outbox"][0]), 120)
            time.sleep(1)
        bad = rig.broken(psql, n)
    bad.pop("sink", None)  # may hold more than n: the relay publishes at least once
    total, distinct = map(int, rig.broker("distinct", rig.contestant.sink["queue"], "r", n).split())
    if distinct != n:
        bad["lost events"] = [distinct, n]
    return {"n": n, "committed_at_kills": kills, "repeated_events": total - distinct, "broken": bad or None}


def _wait(condition, patience: float) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end and not condition():
        time.sleep(0.02)


def text(data: dict) -> str:
    rows = []
    for name, d in data.items():
        kills = " / ".join(f"{k:,}" for k in d["crash"]["committed_at_kills"])
        rows.append([name, f"{d['scarce']['reserved']} of 1,000 reserved, {d['scarce']['backordered_lines']} lines without: "
                     + _verdict(d["scarce"]), _verdict(d["twice"]),
                     f"killed at {kills} of {d['crash']['n']:,}, {d['crash']['repeated_events']} events repeated: "
                     + _verdict(d["crash"])])
    return ("`scarce`: 1,000 orders for about 4,000 pieces of which 1,000 exist. `twice`: 1,000 orders, each published "
            "twice. `crash`: all processes killed with SIGKILL three times, then nothing may be missing or double.\n\n"
            + table(["contestant", "scarce", "twice", "crash"], rows))


def _verdict(result: dict) -> str:
    return f"BROKEN {result['broken']}" if result["broken"] else "holds"
