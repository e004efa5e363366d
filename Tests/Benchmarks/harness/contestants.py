"""Who runs: Tallyman by the entry that other harnesses use as well, and the C reference."""
import copy
import json
import os

from .paths import BENCHMARKS, CHECKOUT, TOOLS
from .servers import Servers

# Ports that entries for an external harness name; they become those of our own servers.
NAMED_POSTGRES, NAMED_AMQP = "127.0.0.1:5555", "127.0.0.1:5685"

FILES = {"tallyman": BENCHMARKS / "peers/contestants.json", "c": BENCHMARKS / "reference/contestants.json"}


class Contestant:
    """An entry, bound to running servers."""

    def __init__(self, name: str, servers: Servers, database: str = "postgres"):
        self.name = name
        self.servers = servers
        self.database = servers.url(database)
        self.entry = copy.deepcopy(json.loads(FILES[name].read_text())[name])
        self.overrides: dict[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What its programs see: nothing of ours but what the entry says, with our servers' addresses."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("TALLYMAN_")}
        own = {k: self._addressed(v) for k, v in self.entry.get("env", {}).items()}
        peer = {
            "PEER_PG": self.database, "PEER_AMQP": self.servers.amqp_url, "PEER_PORT": str(self.servers.amqp_port),
            "PEER_MANAGEMENT": str(self.servers.management_port),
        }
        return {**inherited, **peer, **own, **self.overrides}

    def _addressed(self, value: str) -> str:
        value = value.replace(f"postgresql://postgres@{NAMED_POSTGRES}/postgres", self.database)
        return value.replace(NAMED_AMQP, f"127.0.0.1:{self.servers.amqp_port}")

    @staticmethod
    def command(words: list[str]) -> list[str]:
        return [w.replace("$TALLYMAN", str(CHECKOUT)).replace("$TOOLS", str(TOOLS)) for w in words]

    @property
    def start_commands(self) -> list[list[str]]:
        return [self.command(words) for words in self.entry["start"]]

    def path(self, name: str) -> str:
        """A file that the entry names."""
        return self.command([self.entry[name]])[0].replace("$BENCHMARKS", str(BENCHMARKS))

    @property
    def input(self) -> dict:
        return self.entry["input"]

    @property
    def sink(self) -> dict:
        sink = self.entry["sink"]
        return {**sink, "keys": sink.get("keys") or [sink["key"]]}

    @property
    def sql(self) -> dict:
        return self.entry["sql"]

    def labels(self) -> list[str]:
        """A short name for each process."""
        return [command[0].rsplit("/", 1)[1] for command in self.start_commands]
