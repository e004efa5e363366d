"""Orders per second, end to end, side by side with the C reference."""
from .. import plot, statements
from ..database import Psql
from ..statistics_of import ratio, shown, table

NAME, TITLE = "throughput", "Throughput and cost per order"
KINDS = {"zipf": "10,000 SKUs, Zipf", "hot": "one hot SKU"}


def run(bench) -> dict:
    n, rounds = (120_000, 5) if bench.full else (50_000, 3)
    data = {"n": n, "runs": [], "statements": {}}
    for number in range(rounds):
        for kind in KINDS:
            for name in bench.names if number % 2 == 0 else reversed(bench.names):
                rig = bench.rig(name)
                rig.prepare()
                result = rig.throughput(n, kind)
                bench.say(f"{name} {kind}: {result['end_to_end_per_s']}/s, broken: {result['broken']}")
                data["runs"].append({"name": name, "kind": kind, **result})
                if kind == "zipf":
                    with Psql(rig.contestant.database) as psql:
                        data["statements"][name] = statements.measured(psql, n)
    return data


def of(data: dict, name: str, kind: str, get) -> list:
    return [get(r) for r in data["runs"] if r["name"] == name and r["kind"] == kind]


def names(data: dict) -> list[str]:
    return list(dict.fromkeys(r["name"] for r in data["runs"]))


def _rows(data: dict) -> list[list]:
    rows = []
    for kind, label in KINDS.items():
        for name in names(data):
            def get(f):
                return of(data, name, kind, f)
            rows.append([
                label, name, shown(get(lambda r: r["end_to_end_per_s"])), shown(get(lambda r: r["allocated_per_s"])),
                shown(get(lambda r: sum(r["cpu_us"].values())), "{:.1f}"), shown(get(lambda r: r["postgres_us"]), "{:.0f}"),
                shown(get(lambda r: r["rabbitmq_us"]), "{:.0f}"), sum(bool(b) for b in get(lambda r: r["broken"]))])
    return rows


def _processes(data: dict) -> str:
    rows = []
    for name in names(data):
        for program in of(data, name, "zipf", lambda r: r)[0]["cpu_us"]:
            def each(what, kind):
                return of(data, name, kind, lambda r: r[what][program])
            rows.append([program, *(shown(each("cpu_us", k), "{:.1f}") for k in KINDS),
                         *(shown(each("memory_mb", k), "{:.1f}") for k in KINDS)])
    return table(["process", "CPU µs/order, zipf", "hot", "peak resident MB, zipf", "hot"], rows)


def _statements(data: dict, name: str) -> str:
    found = data["statements"].get(name, [])
    total = sum(s["us"] for s in found)
    rows = [[f"`{s['statement']}`", f"{s['us']:.1f}", f"{s['calls']:,}", f"{s['rows'] / s['calls']:,.0f}", s["wal_bytes"]]
            for s in found]
    rows.append(["all", f"{total:.1f}", "", "", sum(s["wal_bytes"] for s in found)])
    return table(["statement", "µs/order", "calls", "rows/call", "WAL bytes/order"], rows)


def text(data: dict) -> str:
    n = data["n"]
    parts = [
        f"{n:,} waiting orders of two lines each, from the first that leaves the queue until the last answer is in the "
        "sink; rounds interleaved, medians (least–greatest). Every run is checked: counts, sums, an empty outbox, one "
        "answer per order; \"broken\" counts runs in which a check failed.",
        table(["load", "contestant", "orders/s end to end", "committed/s", "CPU µs/order: its processes", "PostgreSQL",
               "RabbitMQ", "broken"], _rows(data))]
    if len(names(data)) > 1:
        ratios = [f"{kind} {ratio(of(data, 'tallyman', kind, end_to_end), of(data, 'c', kind, end_to_end))}" for kind in KINDS]
        cpu = ratio(of(data, "tallyman", "zipf", own_cpu), of(data, "c", "zipf", own_cpu))
        parts.append(f"Tallyman ÷ C reference: {', '.join(ratios)}; CPU of the own processes {cpu} (zipf).")
    parts.append(_processes(data))
    for name in names(data):
        parts.append(f"Time inside PostgreSQL's executor by statement, {name}, zipf (pg_stat_statements; COMMIT's flush, "
                     "parsing of messages and the network are outside of it):")
        parts.append(_statements(data, name))
    return "\n\n".join(parts)


def end_to_end(run: dict):
    return run["end_to_end_per_s"]


def own_cpu(run: dict) -> float:
    return sum(run["cpu_us"].values())


def plots(data: dict) -> dict:
    from ..statistics_of import spread
    bars = []
    for kind in KINDS:
        for name in names(data):
            bars.append((f"{name}, {kind}", spread(of(data, name, kind, end_to_end))))
    return {"throughput": plot.bars("Orders per second, end to end", "orders/s", bars)}
