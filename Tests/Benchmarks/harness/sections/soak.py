"""Whether memory stays flat: a steady rate for an hour (short form: a minute)."""
import json
import threading
import time

from .. import processes
from ..statistics_of import table

NAME, TITLE = "soak", "Memory over time"


def run(bench) -> dict:
    seconds, rate = (3_600, 2_000) if bench.full else (60, 2_000)
    rig = bench.rig()
    rig.prepare()
    samples = []
    with rig.running() as started:
        rig._wait_for_consumers(started)
        load = threading.Thread(target=_steady, args=(rig, rate, seconds))
        load.start()
        begun = time.monotonic()
        while load.is_alive():
            load.join(seconds / 20)
            samples.append({"s": round(time.monotonic() - begun),
                            **{p.args[0].rsplit("/", 1)[1]: round(processes.memory(p.pid), 1) for p in started}})
        rig.require_alive(started)
    return {"rate": rate, "seconds": seconds, "samples": samples}


def _steady(rig, rate: int, seconds: int) -> None:
    result = json.loads(rig.broker("latency", rate, seconds, 1, "supply.events", "order.created",
                                   rig.contestant.sink["queue"], "s", "zipf"))
    if result["sent"] != result["arrived"]:
        raise RuntimeError(f"answers are missing: {result}")


def text(data: dict) -> str:
    names = [name for name in data["samples"][0] if name != "s"]
    rows = [[f"{s['s']:,}", *(s[name] for name in names)] for s in data["samples"]]
    return (f"Resident memory in MB while {data['rate']:,} orders/s come in for {data['seconds']:,} s.\n\n"
            + table(["second", *names], rows))
