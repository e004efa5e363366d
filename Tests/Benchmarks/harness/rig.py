"""One contestant, one load: preparing, starting, measuring, checking."""
import contextlib
import json
import os
import pathlib
import subprocess
import time

from . import database, processes
from .contestants import Contestant
from .paths import TOOLS


class Failed(Exception):
    """A run that cannot be measured."""


class Rig:
    """The servers with one contestant on them."""

    def __init__(self, contestant: Contestant):
        self.contestant = contestant
        self.servers = contestant.servers
        self.log = self.servers.folder / f"{contestant.name}.log"

    # The broker's side

    def _broker_command(self, *arguments) -> list[str]:
        return [str(TOOLS / "broker"), *map(str, arguments)]

    def broker(self, *arguments, **variables) -> str:
        """Runs a command of the benchmark's broker tool."""
        environment = {**os.environ, "PEER_PORT": str(self.servers.amqp_port), **{k: str(v) for k, v in variables.items()}}
        result = subprocess.run(self._broker_command(*arguments), env=environment, capture_output=True, text=True)
        if result.returncode not in (0, 2):
            raise Failed(f"broker {arguments}: {result.stderr.strip()}")
        return result.stdout.strip()

    def watching(self, queue: str, how: str, count: int, every_ms: int, timeout: float) -> subprocess.Popen:
        """Watches a queue beside what else happens; see `reached`."""
        environment = {**os.environ, "PEER_PORT": str(self.servers.amqp_port)}
        return subprocess.Popen(self._broker_command("watch", queue, how, count, every_ms, timeout), env=environment,
                                stdout=subprocess.PIPE, text=True)

    @staticmethod
    def reached(watch: subprocess.Popen) -> float | None:
        """When a watched queue got there (monotonic clock), None if it did not in time."""
        words = watch.communicate()[0].split()
        return float(words[0]) if words and words[0] != "timeout" else None

    def depth(self, queue: str) -> int:
        return int(self.broker("watch", queue, "ge", 0, 1, 1).split()[1])

    # Before and after

    def prepare(self, stock: int = 1_000_000, sink_keys: list[str] | None = None, **variables) -> None:
        """An empty database with stock, empty queues and a sink for the contestant's answers."""
        c = self.contestant
        database.script(c.database, c.path("schema"), stock=stock)
        environment = {**c.environment, "PEER_STOCK": str(stock), **{k: str(v) for k, v in variables.items()}}
        for words in c.entry["prepare"]:
            subprocess.run(c.command(words), env=environment, check=True)
        self.prepare_queues(sink_keys)

    def prepare_queues(self, sink_keys: list[str] | None = None) -> None:
        c = self.contestant
        if c.entry.get("declare_input", True):
            self.broker("setup", c.input["exchange"], c.input["queue"], c.input["key"])
        keys = sink_keys or c.sink["keys"]
        self.broker("setup", c.sink["exchange"], *(w for key in keys for w in (c.sink["queue"], key)))

    def load(self, n: int, kind: str, run: str = "r", key: str | None = None, **variables) -> None:
        """Publishes n messages; returns when the broker has confirmed all of them."""
        c = self.contestant
        self.broker("load", n, 1000, c.input["exchange"], key or c.input["key"], run, kind, **variables)

    @contextlib.contextmanager
    def running(self, commands: list[list[str]] | None = None):
        """The contestant's processes, stopped at the end."""
        with open(self.log, "a") as log:
            started = [subprocess.Popen(command, env=self.contestant.environment, stdout=log, stderr=log)
                       for command in commands or self.contestant.start_commands]
        try:
            yield started
        finally:
            processes.end(started)

    def require_alive(self, started: list[subprocess.Popen]) -> None:
        for process in started:
            if process.poll() is not None:
                tail = pathlib.Path(self.log).read_text()[-800:]
                raise Failed(f"{process.args[0]} ended with {process.returncode}: {tail}")

    def empty_outbox(self, psql: database.Psql, patience: float = 10) -> None:
        """The last deletion may trail the last confirm."""
        end = time.monotonic() + patience
        while time.monotonic() < end and psql.number(self.contestant.sql["checks"]["outbox"][0]):
            time.sleep(0.1)

    def broken(self, psql: database.Psql, n: int, lines: int = 2, before: dict | None = None,
               sink: int | None = None) -> dict:
        """Every check that does not hold: what was found and what was expected."""
        bad = {}
        for name, (sql, want) in self.contestant.sql["checks"].items():
            expected = {"N": n, "2N": lines * n, "0": 0}[want]
            found = psql.number(sql) - ((before or {}).get(name, 0) if want != "0" else 0)
            if found != expected:
                bad[name] = [found, expected]
        depth = self.depth(self.contestant.sink["queue"])
        if depth != (n if sink is None else sink):
            bad["sink"] = [depth, n if sink is None else sink]
        return bad

    def counts(self, psql: database.Psql) -> dict:
        """What the checks count before a run, for a database that is not empty."""
        return {name: psql.number(sql) for name, (sql, want) in self.contestant.sql["checks"].items() if want != "0"}

    # Measuring

    def speed(self) -> int:
        """How fast the machine is at this moment: millions of fixed steps per second on two threads."""
        return int(self.broker("spin"))

    def latency(self, rate: int, seconds: int, kind: str = "zipf", warm: int = 3) -> dict:
        c = self.contestant
        with self.running() as started:
            self._wait_for_consumers(started)
            words = (c.input["exchange"], c.input["key"], c.sink["queue"], "l", kind)
            if rate:
                result = json.loads(self.broker("latency", rate, seconds, warm, *words))
            else:
                self.broker("single", 20, 0.02, *words[:3], "w", kind)
                result = json.loads(self.broker("single", 40 * seconds, 0.02, *words))
            self.require_alive(started)
        result["lost"] = result["sent"] - result["arrived"]
        return result

    def _wait_for_consumers(self, started, queue: str | None = None) -> None:
        self.broker("watch", queue or self.contestant.input["queue"], "consumers", 1, 20, 30)
        time.sleep(2)
        self.require_alive(started)

    def throughput(self, n: int, kind: str, *, timeout: float = 240, lines: int = 2, run: str = "r",
                   commands: list[list[str]] | None = None, loaded: int | None = None, check: bool = True,
                   key: str | None = None, before: dict | None = None, sampler=None, counts_commits: bool = True,
                   **variables) -> dict:
        """Loads n messages, starts the contestant, and measures from the first message leaving the input queue until
        the sink holds n events.

        counts_commits: whether to ask ten times a second how many orders are committed. Where there were many before,
        counting them would cost the database more than the run itself."""
        c = self.contestant
        loaded = loaded or n
        self.load(loaded, kind, run, key, **variables)
        speed = self.speed()
        usage = Usage(self.servers)
        first = self.watching(c.input["queue"], "lt", loaded, 5, 60)
        with database.Psql(c.database) as psql:
            psql.rows("select pg_stat_statements_reset()") if sampler is None else None
            with self.running(commands) as started:
                begun = self.reached(first)
                if begun is None:
                    self.require_alive(started)
                    raise Failed(f"{c.name} never consumed, see {self.log}")
                last = self.watching(c.sink["queue"], "ge", n, 50, timeout)
                with sampler or contextlib.nullcontext():
                    wanted = n + (before or {}).get("orders", 0)
                    committed = self._committed(psql, wanted, begun + timeout, last) if counts_commits else None
                    finished = self.reached(last)
                self.require_alive(started)
                used = usage.of(started, n)
                self.empty_outbox(psql)
            result = self._rates(n, begun, committed, finished)
            result |= used | {"speed": speed}
            if check:
                result["broken"] = self.broken(psql, n, lines, before) or None
        return result

    def _committed(self, psql, n: int, end: float, last: subprocess.Popen) -> float | None:
        sql = self.contestant.sql
        while time.monotonic() < end and last.poll() is None:
            if psql.number(sql["progress"]) >= n and psql.number(sql["committed"]) >= n:
                return time.monotonic()
            time.sleep(0.1)
        return None

    @staticmethod
    def _rates(n: int, begun: float, committed: float | None, finished: float | None) -> dict:
        # A relay as fast as the allocation: the last commit is not seen before the last event.
        committed = committed or finished
        return {
            "n": n,
            "end_to_end_per_s": finished and round(n / (finished - begun)),
            "allocated_per_s": committed and round(n / (committed - begun)),
            "seconds": finished and round(finished - begun, 2),
        }


class Usage:
    """CPU time from now on: of the servers, and of processes started later."""

    def __init__(self, servers):
        self.servers = servers
        self.before = self._servers()

    def _servers(self) -> tuple[float, float]:
        return processes.cpu(self.servers.postgres_pid), processes.cpu(self.servers.rabbitmq_pid)

    def of(self, started: list[subprocess.Popen], n: int) -> dict:
        """Microseconds of CPU per message, and the peak of resident memory in MB, by process."""
        postgres, rabbitmq = (now - before for now, before in zip(self._servers(), self.before))
        per = 1e6 / n
        names = [process.args[0].rsplit("/", 1)[1] for process in started]
        cpu, memory = {}, {}
        for name, process in zip(names, started):
            cpu[name] = round(cpu.get(name, 0) + processes.cpu(process.pid) * per, 2)
            memory[name] = round(max(memory.get(name, 0), processes.peak_memory(process.pid)), 1)
        return {"cpu_us": cpu, "memory_mb": memory, "postgres_us": round(postgres * per, 1),
                "rabbitmq_us": round(rabbitmq * per, 1)}
