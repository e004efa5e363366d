"""A very full outbox: does draining it stay as fast, and do its files stay small?"""
import base64
import json
import re
import socket
import threading
import time
import urllib.request

from .. import database
from ..statistics_of import table
from . import relay

NAME, TITLE = "outbox", "A million messages in the outbox"
CYCLE = 200_000
# New rows arrive while the old ones leave: so many, so often, seconds.
ARRIVING, EVERY = 200, 0.2
SIZES = """
select pg_table_size('tallyman.outbox') / 1048576, pg_indexes_size('tallyman.outbox') / 1048576,
       coalesce((select n_dead_tup from pg_stat_user_tables where relid = 'tallyman.outbox'::regclass), 0)
"""
TEMPLATE = "public.outbox_template"


class Arrivals:
    """Inserts rows in the background until it is told to stop."""

    def __init__(self, url: str):
        self.url, self.rows, self.over = url, 0, threading.Event()
        self.thread = threading.Thread(target=self._insert)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def _insert(self):
        source = relay.first(ARRIVING, TEMPLATE)
        with database.Psql(self.url) as psql:
            arriving = relay.messages(psql, source)
            while not self.over.wait(EVERY):
                relay.copy(psql, 1, source)
                self.rows += arriving


def run(bench) -> dict:
    rig, rows = bench.rig(), 1_000_000
    relay.fill(rig, rows, 24)
    with database.Psql(rig.contestant.database) as psql:
        psql.rows(f"create table {TEMPLATE} as select * from {relay.first(20_000)} as oldest")
        data = {"drains": [drain(bench, rig, psql, "1,000,000 rows, and new ones arriving", rows, arriving=True)]}
        data["raw"] = raw(bench, rig, rows)
        for number in range(1, 7 if bench.full else 4):
            data["drains"].append(cycle(bench, rig, psql, f"{CYCLE:,} rows, cycle {number}"))
        with database.Psql(rig.contestant.database) as reader:
            reader.rows("begin isolation level repeatable read")
            reader.rows("select count(*) from tallyman.orders")
            for number in (1, 2):
                name = f"{CYCLE:,} rows while a transaction stays open, cycle {number}"
                data["drains"].append(cycle(bench, rig, psql, name))
            reader.rows("commit")
        time.sleep(1)
        data["drains"].append(cycle(bench, rig, psql, f"{CYCLE:,} rows after it has ended"))
        data["drains"].append(cycle(bench, rig, psql, f"{CYCLE:,} rows, once more"))
    return data


def raw(bench, rig, rows: int) -> dict:
    """As many by a publisher that does nothing else: what the broker and the disk do to both."""
    rig.prepare_queues()
    keep_sink_short(rig)
    sink, times = rig.contestant.sink, [time.monotonic()]
    for _ in range(10):
        rig.broker("load", rows // 10, 1000, sink["exchange"], sink["keys"][0], "raw", "zipf")
        times.append(time.monotonic())
    tenths = per_tenth(rows, times)
    bench.say(f"raw publisher: tenth by tenth {tenths}")
    return {"tenths": tenths}


def per_tenth(rows: int, times: list[float]) -> list[int]:
    return [round(rows / 10 / (end - begin)) for begin, end in zip(times, times[1:])]


def cycle(bench, rig, psql, name: str) -> dict:
    relay.copy(psql, CYCLE // 20_000, TEMPLATE)
    return drain(bench, rig, psql, name, relay.messages(psql))


def drain(bench, rig, psql, name: str, rows: int, arriving: bool = False) -> dict:
    rig.prepare_queues()
    keep_sink_short(rig)
    before = sizes(psql)
    with socket.create_server(("127.0.0.1", 0)) as free:
        rig.contestant.overrides["TALLYMAN_HTTP_PORT"] = str(free.getsockname()[1])
    with rig.running(rig.contestant.start_commands[1:]) as started:
        if arriving:
            with Arrivals(rig.contestant.database) as arrivals:
                times = published(rig, rows)
            arrived = arrivals.rows
        else:
            times, arrived = published(rig, rows), 0
        rig.require_alive(started)
        rig.empty_outbox(psql, 60)
        left = relay.messages(psql)
    tenths = per_tenth(rows, times)
    found = {"name": name, "rows": rows, "arrived": arrived, "per_s": round(rows / (times[10] - times[0])),
             "tenths": tenths, "first": tenths[0], "last": tenths[9], "left": left, "before": before,
             "after": sizes(psql)}
    bench.say(f"{name}: {found['per_s']}/s, tenth by tenth {tenths}, {found['after']}")
    return found


def published(rig, rows: int) -> list[float]:
    """When the relay, by its own metrics, had published the first rows, a tenth, two tenths, and so on."""
    page = f"http://127.0.0.1:{rig.contestant.environment['TALLYMAN_HTTP_PORT']}/metrics"
    times, end, before = [], time.monotonic() + 200, (0.0, 0)
    while len(times) < 11:
        if time.monotonic() > end:
            raise RuntimeError("the relay did not publish everything within 200 s")
        try:
            with urllib.request.urlopen(page, timeout=5) as answer:
                found = re.search(r"^tallyman_outbox_published_total(?:\{[^}]*\})? ([0-9.e+]+)", answer.read().decode(), re.M)
        except OSError:
            found = None
        at, count = time.monotonic(), int(float(found[1])) if found else 0
        while len(times) < 11 and count >= (wanted := max(1, rows * len(times) // 10)):
            # Between two looks it published evenly.
            share = (wanted - before[1]) / (count - before[1]) if times else 1
            times.append(before[0] + share * (at - before[0]))
        before = (at, count)
        time.sleep(0.05)
    return times


def keep_sink_short(rig) -> None:
    """Nobody reads the sink, and a queue of a million messages slows the broker down: it drops its oldest."""
    document = {"pattern": f"^{re.escape(rig.contestant.sink['queue'])}$", "apply-to": "queues", "priority": 20,
                "definition": {"max-length": 10_000, "overflow": "drop-head"}}
    port = rig.contestant.environment.get("PEER_MANAGEMENT", "15685")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/policies/%2F/short-sink", json.dumps(document).encode(),
                                     method="PUT")
    request.add_header("authorization", "Basic " + base64.b64encode(b"guest:guest").decode())
    request.add_header("content-type", "application/json")
    urllib.request.urlopen(request, timeout=30).read()


def sizes(psql) -> dict:
    heap, index, dead = map(int, psql.rows(SIZES)[0])
    return {"table_mb": heap, "index_mb": index, "dead_rows": dead}


def listed(figures: list[int]) -> str:
    return ", ".join(f"{figure:,}" for figure in figures)


def text(data: dict) -> str:
    def size(entry):
        return f"{entry['table_mb']} + {entry['index_mb']}"
    rows = [[d["name"], f"{d['per_s']:,}", f"{d['first']:,}", f"{d['last']:,}", f"{d['last'] / d['first']:.2f}",
             size(d["before"]), size(d["after"]), f"{d['after']['dead_rows']:,}"] for d in data["drains"]]
    return ("One relay, one after the other on the same outbox; sizes are of the table and of its index, before and after, "
            f"in MB. {data['drains'][0]['arrived']:,} rows arrived during the first. Left behind: "
            f"{sum(d['left'] for d in data['drains'])} rows. The first drain tenth by tenth, events/s: "
            f"{listed(data['drains'][0]['tenths'])}; as many by a publisher that does nothing else: "
            f"{listed(data['raw']['tenths'])}. The sink keeps its last 10,000 events only.\n\n"
            + table(["what is drained", "events/s", "first tenth", "last tenth", "last ÷ first", "before", "after",
                     "dead rows then"], rows))
