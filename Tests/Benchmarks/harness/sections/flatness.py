"""Whether an order costs the same in a big, old database as in an empty one."""
import subprocess
import threading
import time

from .. import database, plot
from ..paths import BENCHMARKS, PROGRAMS
from ..statistics_of import ratio, shown, spread, table

NAME, TITLE = "flatness", "Big and old databases"
# Each big one takes turns with an empty one, with which it is compared.
PAIRS = (("empty", "big"), ("empty again", "big, updated"))
STATES = tuple(state for pair in PAIRS for state in pair)
# Updates as the worker makes them: some 500 rows a transaction, most of them of few SKUs. Each of two connections has a
# location of its own, since it locks in no order. recorded_at keeps its value; the row gets a new version all the same.
UPDATES = """
do $$
declare
  done bigint := 0; changed bigint;
begin
  while done < TARGET loop
    update tallyman.balances set recorded_at = recorded_at
    where location_id = 'WH-PLACE' and sku in (
      select 'SKU-' || lpad((power(10000.0, random())::int - 1)::text, 6, '0') from generate_series(1, 800));
    get diagnostics changed = row_count;
    done := done + changed;
    commit;
  end loop;
end
$$
"""


def run(bench) -> dict:
    size = {"skus": 500_000, "orders": 2_000_000, "updates": 20_000_000} if bench.full else {
        "skus": 50_000, "orders": 200_000, "updates": 2_000_000}
    n, rounds = (100_000, 5) if bench.full else (30_000, 3)
    data = {"n": n, "size": size, "runs": [], "audits": []}
    big = make_big(bench, size)
    data |= counts(big)
    bench.say(f"made {data['ledger']:,} ledger rows, {data['balances']:,} balances, {data['orders']:,} orders")
    for number in range(rounds):
        measure(bench, data, n, PAIRS[0], number)
    data["audits"].append(audit(bench, big))
    data["updated"] = update(bench, big, size)
    for number in range(rounds):
        measure(bench, data, n, PAIRS[1], rounds + number)
    data["audits"].append(audit(bench, big))
    database.execute(bench.servers.url(), "drop database big with (force)")
    return data


def make_big(bench, size: dict):
    database.execute(bench.servers.url(), "create database big")
    rig = bench.rig(database="big")
    database.execute(rig.contestant.database, "create extension pg_stat_statements")
    rig.prepare(stock=1_000_000, PEER_SKUS=size["skus"])
    database.script(rig.contestant.database, BENCHMARKS / "bulk.sql", orders=size["orders"])
    return rig


def counts(rig) -> dict:
    with database.Psql(rig.contestant.database) as psql:
        found = {name: psql.number(f"select count(*) from tallyman.{name}") for name in ("balances", "orders", "inbox")}
        found["ledger"] = psql.number("select count(*) from tallyman.stock_ledger")
        found["database_mb"] = psql.number("select pg_database_size(current_database()) / 1024 / 1024")
    return found


def measure(bench, data: dict, n: int, states: tuple, number: int) -> None:
    for state in states if number % 2 == 0 else reversed(states):
        rig = bench.rig(database="big" if state.startswith("big") else "postgres")
        before = None
        if state.startswith("empty"):
            rig.prepare()
        else:
            subprocess.run(rig.contestant.command(rig.contestant.entry["prepare"][0]), check=True,
                           env={**rig.contestant.environment, "PEER_STOCK": "0", "PEER_KEEP": "1"})
            rig.prepare_queues()
            with database.Psql(rig.contestant.database) as psql:
                psql.rows("checkpoint")
                before = rig.counts(psql)
        result = rig.throughput(n, "zipf", run=f"f{number}{state[-1]}", before=before,
                                counts_commits=False)
        bench.say(f"{state}: {result['end_to_end_per_s']}/s, broken: {result['broken']}")
        data["runs"].append({"state": state, **result})


def update(bench, rig, size: dict) -> dict:
    """Balance updates on two connections while autovacuum runs as the schema sets it."""
    sql = [UPDATES.replace("TARGET", str(size["updates"] // 2)).replace("PLACE", place) for place in "12"]
    look = ("select n_tup_upd, n_tup_hot_upd, n_dead_tup, autovacuum_count, pg_relation_size(relid) / 1024 / 1024 "
            "from pg_stat_user_tables where schemaname = 'tallyman' and relname = 'balances'")
    with database.Psql(rig.contestant.database) as psql:
        before = list(map(int, psql.rows(look)[0]))
        threads = [threading.Thread(target=database.execute, args=(rig.contestant.database, s)) for s in sql]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(2)  # backends report what they did within a second
        after = list(map(int, psql.rows(look)[0]))
    result = {"updates": after[0] - before[0], "hot": after[1] - before[1], "dead": after[2],
              "vacuums": after[3] - before[3], "mb_before": before[4], "mb_after": after[4]}
    bench.say(f"updated: {result}")
    return result


def audit(bench, rig) -> str:
    """The last line of `tallyman audit` on the big database."""
    environment = {**rig.contestant.environment, "TALLYMAN_DATABASE_URL": rig.contestant.database}
    result = subprocess.run([str(PROGRAMS / "tallyman"), "audit"], env=environment, capture_output=True, text=True)
    line = (result.stdout.strip().split("\n") or ["nothing"])[-1]
    bench.say(f"audit: {line}")
    return line if result.returncode == 0 else f"FAILED: {result.stdout[-1500:]} {result.stderr[-500:]}"


def of(data: dict, state: str) -> list:
    return [r["end_to_end_per_s"] for r in data["runs"] if r["state"] == state]


def text(data: dict) -> str:
    u = data["updated"]
    beside = {state: pair[0] for pair in PAIRS for state in pair}
    rows = [[s, shown(of(data, s)), ratio(of(data, s), of(data, beside[s])),
             shown([r["postgres_us"] for r in data["runs"] if r["state"] == s]),
             sum(bool(r["broken"]) for r in data["runs"] if r["state"] == s)] for s in STATES]
    return (
        f"\"Big\" has {data['ledger']:,} ledger rows, {data['balances']:,} SKU-locations, {data['orders']:,} closed orders "
        f"and {data['inbox']:,} inbox rows ({data['database_mb']:,} MB) before its first run; \"updated\" is the same database "
        f"after {u['updates']:,} more balance updates, {u['hot'] / max(1, u['updates']):.1%} of them without touching an "
        f"index, {u['vacuums']} autovacuums, the table {u['mb_before']} MB before and {u['mb_after']} MB after. Runs of "
        f"{data['n']:,} orders; each big database takes turns with an empty one, with which it is compared.\n\n"
        + table(["database", "orders/s end to end", "÷ the empty one beside it", "PostgreSQL µs/order", "broken"], rows)
        + "\n\nAfterwards `tallyman audit` says: " + "; ".join(f"\"{a}\"" for a in data["audits"]) + ".")


def plots(data: dict) -> dict:
    return {"flatness": plot.bars("Orders per second by size of the database", "orders/s",
                                  [(s, spread(of(data, s))) for s in STATES if of(data, s)])}
