"""How the price of an order grows with its lines, its SKUs' locations and old lots, and the SKUs of a batch."""
from ..statistics_of import table

NAME, TITLE = "cost", "What makes an order dearer"
LINES = (1, 2, 5, 10, 20)
LOCATIONS = (1, 2, 10, 50)
LOTS = (0, 100, 1_000)
SKUS = (1, 10, 100, 1_000, 10_000)


def run(bench) -> dict:
    n = 40_000 if bench.full else 12_000
    data = {"n": n, "lines": [], "locations": [], "lots": [], "skus": []}
    for lines in LINES:
        count = max(2_000, n * 2 // (lines + 1))
        result = measure(bench, "zipf", count, lines=lines, BENCH_LINES=lines)
        data["lines"].append({"lines": lines, **result})
    for locations in LOCATIONS:
        # Every quantity is there in the first location: what is paid for is reading and locking the others.
        result = measure(bench, "zipf", n, seed={"PEER_LOCATIONS": locations, "PEER_SKUS": 2_000}, BENCH_SKUS=2_000)
        data["locations"].append({"locations": locations, **result})
    for lots in LOTS:
        result = measure(bench, "zipf", n, seed={"PEER_LOTS": lots, "PEER_SKUS": 500}, BENCH_SKUS=500)
        data["lots"].append({"lots": lots, **result})
    for skus in SKUS:
        data["skus"].append({"skus": skus, **measure(bench, "uniform", n, BENCH_SKUS=skus)})
    return data


def measure(bench, kind: str, n: int, seed: dict | None = None, lines: int = 2, **variables) -> dict:
    rig = bench.rig()
    rig.prepare(**(seed or {}))
    result = rig.throughput(n, kind, lines=lines, **variables)
    bench.say(f"{kind} {variables}: {result['end_to_end_per_s']}/s, allocated {result['allocated_per_s']}/s, "
              f"broken: {result['broken']}")
    return result


def _row(first, r: dict, lines: int = 2) -> list:
    worker = list(r["cpu_us"].values())[0]
    return [first, f"{r['end_to_end_per_s']:,}", f"{r['end_to_end_per_s'] * lines:,}", f"{r['allocated_per_s'] or 0:,}",
            f"{worker:.1f}", f"{r['postgres_us']:.0f}", f"{r['rabbitmq_us']:.0f}", "yes" if r["broken"] else "no"]


def text(data: dict) -> str:
    tail = ["orders/s end to end", "lines/s", "committed/s", "worker CPU µs/order", "PostgreSQL", "RabbitMQ", "broken"]
    return "\n\n".join([
        f"About {data['n']:,} orders a run, one run each: read trends, not single figures.",
        table(["lines per order", *tail], [_row(r["lines"], r, r["lines"]) for r in data["lines"]]),
        "Locations that hold each of 2,000 SKUs; two lines an order:",
        table(["locations per SKU", *tail], [_row(r["locations"], r) for r in data["locations"]]),
        "Lots that each of 500 SKUs had and that are used up; two lines an order:",
        table(["lots used up per SKU", *tail], [_row(f"{r['lots']:,}", r) for r in data["lots"]]),
        "SKUs that are asked for, evenly; a batch of 500 orders of two lines touches at most as many:",
        table(["SKUs", *tail], [_row(f"{r['skus']:,}", r) for r in data["skus"]])])
