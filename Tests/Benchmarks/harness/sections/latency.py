"""From publishing an order to the arrival of its answer, at rates that leave room."""
from .. import plot
from ..statistics_of import ratio, shown, spread, table

NAME, TITLE = "latency", "Latency"
RATES = (0, 200, 1000)
WHAT = ("p50_ms", "p95_ms", "p99_ms", "max_ms")


def run(bench) -> dict:
    # A tail of a thousand orders is another each time: the median of five runs is what can be compared.
    seconds, rounds = 30 if bench.full else 6, 5
    data = {"seconds": seconds, "runs": []}
    for number in range(rounds):
        for rate in RATES:
            for name in bench.names if number % 2 == 0 else reversed(bench.names):
                rig = bench.rig(name)
                rig.prepare()
                result = rig.latency(rate, seconds)
                bench.say(f"{name} at {rate}/s: p50 {result['p50_ms']} ms, p99 {result['p99_ms']} ms, lost {result['lost']}")
                data["runs"].append({"name": name, **result, "rate": rate})
    return data


def of(data: dict, name: str, rate: int, what: str) -> list:
    return [r[what] for r in data["runs"] if r["name"] == name and r["rate"] == rate]


def names(data: dict) -> list[str]:
    return list(dict.fromkeys(r["name"] for r in data["runs"]))


def load_name(rate: int) -> str:
    return f"{rate:,}/s" if rate else "idle, one at a time"


def text(data: dict) -> str:
    rows = []
    for rate in RATES:
        for name in names(data):
            cells = [shown(of(data, name, rate, w), "{:.2f}") for w in WHAT]
            rows.append([load_name(rate), name, *cells, sum(of(data, name, rate, "lost"))])
        if len(names(data)) > 1:
            ratios = [ratio(of(data, "tallyman", rate, w), of(data, "c", rate, w)) for w in WHAT]
            rows.append([load_name(rate), "tallyman ÷ c", *ratios, ""])
    return ("Milliseconds from the moment an order is due to be published until its answer arrives; open loop, so a stall "
            f"counts against everything behind it ({data['seconds']} s a run after 3 s of warming up). Idle: an order is "
            "published 20 ms after the answer to the one before.\n\n"
            + table(["load", "contestant", "p50", "p95", "p99", "max", "lost"], rows))


def plots(data: dict) -> dict:
    lines = {}
    for name in names(data):
        for what in ("p50_ms", "p99_ms"):
            lines[f"{name} {what[:3]}"] = [spread(of(data, name, rate, what))["median"] for rate in RATES]
    return {"latency": plot.lines("Latency by load", "ms", [load_name(r) for r in RATES], lines)}
