"""How fast the relay drains an outbox, against what the broker takes from a publisher that does nothing else."""
import json
import time

from .. import database
from ..rig import Usage
from ..statistics_of import ratio, shown, table

NAME, TITLE = "relay", "Relay"
ROWS = 200_000
# Real rows of real orders, copied: as other aggregates of the same shard, since a relay sends one event of an aggregate
# at a time; of a packet, as its messages' aggregates. Whatever columns the outbox has are copied, but for its identity.
COPY = """
do $$
declare
  names text; selected text;
begin
  select string_agg(format('%I', column_name), ', '),
         string_agg(case column_name when 'aggregate' then 'o.aggregate + k * 7919' when 'body' then $body$
           case when o.messages = 1 then o.body else (
             select convert_to(string_agg(format('%s %s %s %s', m.aggregate + k * 7919, length(m.body), m.routing_key,
                                                 m.message_id), E'\\n' order by m.place) || E'\\n\\n', 'UTF8')
                    || string_agg(m.body, ''::bytea order by m.place)
             from tallyman.packet_messages(o.body) as m) end $body$ else format('o.%I', column_name) end, ', ')
  into names, selected
  from information_schema.columns
  where table_schema = 'tallyman' and table_name = 'outbox' and is_identity = 'NO';
  execute format('insert into tallyman.outbox (%s) select %s from SOURCE o, generate_series(1, COPIES) k
                  order by k, id', names, selected);
end
$$
"""


def run(bench) -> dict:
    data = {"rows": ROWS, "drain": [], "raw": [], "raw_same_size": []}
    for _ in range(5 if bench.full else 4):
        rig = bench.rig()
        size = fill(rig)
        data["bytes"] = size
        data["drain"].append(drain(rig))
        data["raw"].append(json.loads(rig.broker("rawpub", ROWS, 1000))["per_s"])
        data["raw_same_size"].append(json.loads(rig.broker("rawpub", ROWS, 1000, size))["per_s"])
        bench.say(f"drained {data['drain'][-1]['per_s']}/s, raw {data['raw'][-1]}/s, of {size} bytes "
                  f"{data['raw_same_size'][-1]}/s")
    return data


def first(messages: int, source: str = "tallyman.outbox") -> str:
    """The oldest rows of such a table that hold no more than so many messages."""
    counted = f"select o.*, sum(o.messages) over (order by o.id) as so_far from {source} o"
    return f"(select * from ({counted}) as counted where so_far <= {messages})"


def messages(psql, source: str = "tallyman.outbox") -> int:
    """How many messages the rows of such a table hold."""
    return psql.number(f"select coalesce(sum(messages), 0) from {source} as o")


def copy(psql, copies: int, source: str = "tallyman.outbox") -> None:
    """So many copies of each row of a table that is shaped like the outbox."""
    psql.rows(COPY.replace("COPIES", str(copies)).replace("SOURCE", source))


def fill(rig, rows: int = ROWS, copies: int = 4) -> int:
    """Answers in the outbox, none published. Returns their mean size."""
    real = rows // (copies + 1)
    rig.prepare()
    rig.load(real, "zipf")
    with database.Psql(rig.contestant.database) as psql:
        with rig.running(rig.contestant.start_commands[:1]) as started:
            end = time.monotonic() + 120
            while time.monotonic() < end and messages(psql) < real:
                time.sleep(0.1)
            rig.require_alive(started)
        copy(psql, copies)
        psql.rows("checkpoint")
        return psql.number("select round(avg(length(body))) from tallyman.outbox_messages")


def drain(rig) -> dict:
    sink = rig.contestant.sink["queue"]
    first, last = rig.watching(sink, "ge", 1, 2, 30), rig.watching(sink, "ge", ROWS, 20, 240)
    usage = Usage(rig.servers)
    with rig.running(rig.contestant.start_commands[1:]) as started:
        begun, finished = rig.reached(first), rig.reached(last)
        rig.require_alive(started)
        used = usage.of(started, ROWS)
        with database.Psql(rig.contestant.database) as psql:
            rig.empty_outbox(psql)
            left = messages(psql)
    return {"per_s": round(ROWS / (finished - begun)), "left": left, **used}


def text(data: dict) -> str:
    drained = [d["per_s"] for d in data["drain"]]
    rows = [
        ["relay, from first to last event in the sink", shown(drained), ""],
        ["raw publisher, window 1,000, an order's bytes (about 330)", shown(data["raw"]), ratio(drained, data["raw"])],
        [f"raw publisher, window 1,000, as many bytes as our events ({data['bytes']})", shown(data["raw_same_size"]),
         ratio(drained, data["raw_same_size"])]]
    cpu = shown([sum(d["cpu_us"].values()) for d in data["drain"]], "{:.1f}")
    memory = shown([max(d["memory_mb"].values()) for d in data["drain"]], "{:.1f}")
    return (f"{data['rows']:,} committed answers wait in the outbox; one relay drains them, confirmed and deleted. The raw "
            "publisher sends made-up messages straight to one quorum queue and touches no database.\n\n"
            + table(["", "events/s", "relay ÷ raw"], rows)
            + f"\n\nThe relay used {cpu} µs of CPU per event, at most {memory} MB; PostgreSQL "
            f"{shown([d['postgres_us'] for d in data['drain']], '{:.1f}')} µs and RabbitMQ "
            f"{shown([d['rabbitmq_us'] for d in data['drain']], '{:.1f}')} µs; left behind: "
            f"{sum(d['left'] for d in data['drain'])} messages.")
