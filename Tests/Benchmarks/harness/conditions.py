"""Under which conditions a figure was measured."""
import os
import platform
import re
import shutil
import subprocess
import time

from .paths import CHECKOUT
from .servers import Servers


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, timeout=60).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1].strip() if found else "?"


def machine() -> dict:
    with open("/proc/cpuinfo") as file:
        model = _first(r"model name\s*:\s*(.*)", file.read())
    with open("/proc/meminfo") as file:
        memory = int(_first(r"MemTotal:\s*(\d+)", file.read())) / 1024 / 1024
    return {"cores": os.cpu_count(), "cpu": model, "memory_gb": round(memory), "kernel": platform.release()}


def versions(servers: Servers) -> dict:
    packages = {}
    if shutil.which("dpkg-query"):
        for line in _output("dpkg-query", "-W", "librabbitmq4", "libpq5", "rabbitmq-server").split("\n"):
            name, _, version = line.partition("\t")
            packages[name.split(":")[0]] = version
    from .database import Psql
    with Psql(servers.url()) as psql:
        postgres = psql.value("show server_version")
    dirty = " with changes" if _output("git", "status", "--porcelain", "--untracked-files=no") else ""
    return {
        "PostgreSQL": postgres, "RabbitMQ": packages.get("rabbitmq-server", "?"),
        "librabbitmq": packages.get("librabbitmq4", "?"), "libpq": packages.get("libpq5", "?"),
        "Swift": _first(r"Swift version (\S+)", _output("swift", "--version")),
        "revision": _output("git", "rev-parse", "--short", "HEAD") + dirty,
    }


def all_of(servers: Servers) -> dict:
    return {"at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "machine": machine(),
            "versions": versions(servers), "durability": servers.durability()}


def sentence(conditions: dict) -> str:
    """For people."""
    m, v, d = conditions["machine"], conditions["versions"], conditions["durability"]
    return (
        f"{conditions['at']}; {m['cores']} cores ({m['cpu']}), {m['memory_gb']} GB, shared by the servers, the programs "
        f"and the benchmark. PostgreSQL {v['PostgreSQL']}, RabbitMQ {v['RabbitMQ']}, librabbitmq {v['librabbitmq']}, "
        f"libpq {v['libpq']}, Swift {v['Swift']}, revision {v['revision']}. fsync {d['fsync']}, synchronous_commit "
        f"{d['synchronous_commit']}, full_page_writes {d['full_page_writes']}, shared_buffers {d['shared_buffers']}, "
        f"max_wal_size {d['max_wal_size']}, pg_stat_statements loaded; quorum queues of one node, persistent messages, "
        f"publisher confirms.")
