"""A private PostgreSQL and RabbitMQ on free ports, durable, gone when the benchmark ends."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from . import database
from .paths import LOCAL

# What differs from the servers' defaults. Durability does not: fsync and synchronous_commit stay on.
POSTGRES_SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "shared_preload_libraries": "pg_stat_statements",
}
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "wal_level")


class Servers:
    """Both servers, as a context manager."""

    def __enter__(self):
        base = os.environ.get("BENCH_FOLDER", tempfile.gettempdir())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tallyman-bench-", dir=base))
        self.folder.chmod(0o755)
        try:
            self._start_postgres()
            self._start_rabbitmq()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    # Addresses

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.pg_port}/{name}"

    @property
    def amqp_url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.amqp_port}/"

    @property
    def postgres_pid(self) -> int:
        return int((self.folder / "pg/data/postmaster.pid").read_text().split("\n")[0])

    @property
    def rabbitmq_pid(self) -> int:
        return int((self.folder / "mq/pid").read_text())

    @property
    def postgres_log(self) -> pathlib.Path:
        return self.folder / "pg/log"

    # Starting and stopping

    def _script(self, name: str, *arguments: str, environment: dict | None = None) -> str:
        command = ["bash", str(LOCAL / name), *arguments]
        result = subprocess.run(command, env={**os.environ, **(environment or {})}, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"{name} {arguments[0]}: {result.stderr.strip()}")
        return result.stdout

    def _start_postgres(self) -> None:
        folder = str(self.folder / "pg")
        self._script("postgres.sh", "start", folder)
        self.pg_port = int((self.folder / "pg/port").read_text())
        for name, value in POSTGRES_SETTINGS.items():
            database.execute(self.url(), f"alter system set {name} = '{value}'")
        self._script("postgres.sh", "stop", folder)
        self._script("postgres.sh", "start", folder)
        database.execute(self.url(), "create extension pg_stat_statements")

    def _start_rabbitmq(self) -> None:
        folder = str(self.folder / "mq")
        # The node as the package ships it: as many schedulers as cores, its own way of waiting, default statistics.
        self._script("rabbitmq.sh", "start", folder, environment={"RABBITMQ_PRIVATE": "plain"})
        self.amqp_port = int((self.folder / "mq/amqp-port").read_text())
        self.management_port = int((self.folder / "mq/mgmt-port").read_text())

    def _stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):  # a second Ctrl-C must not leave half of it behind
            signal.signal(number, signal.SIG_IGN)
        for script, name in (("rabbitmq.sh", "mq"), ("postgres.sh", "pg")):
            try:
                self._script(script, "stop", str(self.folder / name))
            except Exception as error:  # the other one is to be stopped all the same
                print(f"stopping: {error}")
        shutil.rmtree(self.folder, ignore_errors=True)

    def durability(self) -> dict:
        """As the running server says."""
        with database.Psql(self.url()) as psql:
            return {name: psql.value(f"show {name}") for name in (*DURABILITY, *POSTGRES_SETTINGS)}
