"""A very full outbox: does draining it stay as fast, and do its files stay small?"""
import threading
import time

from .. import database
from ..statistics_of import table
from . import relay

NAME, TITLE = "outbox", "A million rows in the outbox"
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
        source = f"(select * from {TEMPLATE} order by id limit {ARRIVING})"
        with database.Psql(self.url) as psql:
            while not self.over.wait(EVERY):
                relay.copy(psql, 1, source)
                self.rows += ARRIVING


def run(bench) -> dict:
    rig, rows = bench.rig(), 1_000_000
    relay.fill(rig, rows, 24)
    with database.Psql(rig.contestant.database) as psql:
        psql.rows(f"create table {TEMPLATE} as select * from tallyman.outbox order by id limit 20000")
        data = {"drains": [drain(bench, rig, psql, "1,000,000 rows, and new ones arriving", rows, arriving=True)]}
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


def cycle(bench, rig, psql, name: str) -> dict:
    relay.copy(psql, CYCLE // 20_000, TEMPLATE)
    return drain(bench, rig, psql, name, CYCLE)


def drain(bench, rig, psql, name: str, rows: int, arriving: bool = False) -> dict:
    rig.prepare_queues()
    before = sizes(psql)
    sink = rig.contestant.sink["queue"]
    marks = [rig.watching(sink, "ge", count, 10, 400) for count in (1, rows // 10, rows - rows // 10, rows)]
    with rig.running(rig.contestant.start_commands[1:]) as started:
        if arriving:
            with Arrivals(rig.contestant.database) as arrivals:
                times = [rig.reached(mark) for mark in marks]
            arrived = arrivals.rows
        else:
            times, arrived = [rig.reached(mark) for mark in marks], 0
        rig.require_alive(started)
        rig.empty_outbox(psql, 60)
        left = psql.number("select count(*) from tallyman.outbox")
    tenth = rows / 10
    found = {"name": name, "rows": rows, "arrived": arrived, "per_s": round(rows / (times[3] - times[0])),
             "first": round(tenth / (times[1] - times[0])), "last": round(tenth / (times[3] - times[2])), "left": left,
             "before": before, "after": sizes(psql)}
    bench.say(f"{name}: {found['per_s']}/s, first tenth {found['first']}/s, last {found['last']}/s, {found['after']}")
    return found


def sizes(psql) -> dict:
    heap, index, dead = map(int, psql.rows(SIZES)[0])
    return {"table_mb": heap, "index_mb": index, "dead_rows": dead}


def text(data: dict) -> str:
    def size(entry):
        return f"{entry['table_mb']} + {entry['index_mb']}"
    rows = [[d["name"], f"{d['per_s']:,}", f"{d['first']:,}", f"{d['last']:,}", f"{d['last'] / d['first']:.2f}",
             size(d["before"]), size(d["after"]), f"{d['after']['dead_rows']:,}"] for d in data["drains"]]
    return ("One relay, one after the other on the same outbox; sizes are of the table and of its index, before and after, "
            f"in MB. {data['drains'][0]['arrived']:,} rows arrived during the first. Left behind: "
            f"{sum(d['left'] for d in data['drains'])} rows.\n\n"
            + table(["what is drained", "events/s", "first tenth", "last tenth", "last ÷ first", "before", "after",
                     "dead rows then"], rows))
