"""The parts that more cores do not speed up, and what follows from them for bigger machines."""
import json
import statistics
import time

from .. import database
from ..statistics_of import table

NAME, TITLE = "serial", "Serial parts, and bigger machines"
BATCH, CORES = 500, 16
# Small commits one after the other, and commits with as much log as a batch of orders writes.
COMMITS = """
do $$
begin
  for i in 1..COUNT loop
    insert into flushed select repeat('x', WIDTH) from generate_series(1, ROWS);
    commit;
  end loop;
end
$$
"""


def run(bench) -> dict:
    n = 100_000 if bench.full else 30_000
    data = {"n": n, "runs": {}}
    for kind, lanes in (("zipf", 1), ("zipf", 2), ("hot", 1), ("hot", 2)):
        rig = bench.rig()
        rig.prepare()
        rig.contestant.overrides = {"TALLYMAN_LANES": str(lanes)}
        result = rig.throughput(n, kind)
        bench.say(f"{kind}, {lanes} lanes: committed {result['allocated_per_s']}/s, broken: {result['broken']}")
        data["runs"][f"{kind} {lanes}"] = result
    data["flush_ms"] = commit_ms(rig, 500, 1, 10)
    data["batch_flush_ms"] = commit_ms(rig, 50, 2_000, 1_000)
    data["confirm_ms"] = round(1000 / json.loads(rig.broker("rawpub", 2_000, 1))["per_s"], 3)
    data["publish_per_s"] = json.loads(rig.broker("rawpub", 100_000, 1_000))["per_s"]
    data["consume_per_s"] = json.loads(rig.broker("rawcons", 100_000, 2_000, 200))["per_s"]
    return data


def commit_ms(rig, count: int, rows: int, width: int) -> float:
    """Per commit of so many rows, the same without flushing subtracted: what waiting for the disk adds.

    Medians of five each, in turns: writing the rows takes a hundred times as long and varies by more than the flush.
    """
    took = {"on": [], "off": []}
    for turn in range(5):
        for how in ("on", "off") if turn % 2 == 0 else ("off", "on"):
            took[how].append(commits_ms(rig.contestant.database, how, count, rows, width))
    return round(statistics.median(took["on"]) - statistics.median(took["off"]), 3)


def commits_ms(url: str, how: str, count: int, rows: int, width: int) -> float:
    sql = COMMITS.replace("COUNT", str(count)).replace("ROWS", str(rows)).replace("WIDTH", str(width))
    with database.Psql(url) as psql:
        psql.rows("create table flushed (x text)")
        psql.rows(f"set synchronous_commit = {how}")
        start = time.monotonic()
        psql.rows(sql.strip().rstrip(";"))
        took = (time.monotonic() - start) * 1000 / count
        psql.rows("drop table flushed")
    return took


def in_ms(flush: float, digits: int) -> str:
    return f"{flush:.{digits}f} ms" if flush > 0 else "less than what measuring it varies by"


def text(data: dict) -> str:
    runs = data["runs"]
    rows = [[name, f"{r['allocated_per_s']:,}", f"{BATCH * 1000 / r['allocated_per_s']:.1f}",
             f"{list(r['cpu_us'].values())[0]:.1f}", f"{r['postgres_us']:.0f}", f"{r['rabbitmq_us']:.0f}",
             f"{list(r['cpu_us'].values())[1]:.1f}"] for name, r in runs.items()]
    parts = [
        f"Runs of {data['n']:,} orders of two lines, everything on this machine:",
        table(["load and lanes", "committed/s", f"ms per {BATCH} orders", "worker CPU µs/order", "PostgreSQL", "RabbitMQ",
               "relay"], rows),
        table(["serial part", "measured here"], [
            ["flush of the write-ahead log, a small commit", in_ms(data["flush_ms"], 2)],
            ["the same, with 2 MB of log, as a batch has", in_ms(data["batch_flush_ms"], 2)],
            ["quorum queue: one confirmed message at a time", f"{data['confirm_ms']:.2f} ms"],
            ["quorum queue: confirmed publishing, window 1,000", f"{data['publish_per_s']:,}/s"],
            ["quorum queue: consuming, acknowledged by 200", f"{data['consume_per_s']:,}/s"]])]
    return "\n\n".join(parts + [arithmetic(data)])


def arithmetic(data: dict) -> str:
    """What the measured figures give on a machine of 16 cores for each of broker, database and programs."""
    zipf, hot = data["runs"]["zipf 2"], data["runs"]["hot 2"]
    worker, relay = list(zipf["cpu_us"].values())
    hot_best = max(data["runs"]["hot 1"]["allocated_per_s"], hot["allocated_per_s"])
    hold = BATCH * 1000 / hot_best
    by_cores = {name: CORES * 1e6 / us for name, us in
                (("the programs", worker + relay), ("PostgreSQL", zipf["postgres_us"]), ("RabbitMQ", zipf["rabbitmq_us"]))}
    rows = [[name, f"{value:,.0f}"] for name, value in by_cores.items()]
    rows += [
        ["one quorum queue: every order enters `allocation` once", f"{data['publish_per_s']:,}"],
        ["one relay, one thread, were it only CPU; it also waits for confirms, see \"Relay\"", f"{1e6 / relay:,.0f}"],
        [f"one SKU: its lock is held {hold:.0f} ms for {BATCH} orders", f"{hot_best:,}"],
    ]
    return (
        f"Arithmetic for {CORES} cores each for broker, database and programs, were nothing serial: cores ÷ CPU per order; "
        "and the serial parts as measured here, where they shared two cores with everything else:\n\n"
        + table(["bound", "orders/s at most"], rows)
        + f"\n\nA lane commits {BATCH} orders in {BATCH * 1000 / data['runs']['zipf 1']['allocated_per_s']:.0f} ms, of which "
        f"the log's flush is {in_ms(data['batch_flush_ms'], 1)}; lanes share a flush (group commit), so it bounds a lane and "
        "not the sum of them.")
