"""Where things are, and the C programs that the benchmark builds for itself."""
import os
import pathlib
import shutil
import subprocess

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
CHECKOUT = BENCHMARKS.parent.parent
PROGRAMS = CHECKOUT / ".build/release"
OUTPUT = CHECKOUT / ".build/bench"
TOOLS = OUTPUT / "bin"
LOCAL = CHECKOUT / "topology/local"

SOURCES = {
    "broker": (["broker.c", "link.c", "messages.c", "latency.c"], ["-lrabbitmq", "-lpthread", "-lm"]),
    "reference": (["reference.c", "reference_db.c"], ["-lrabbitmq", "-lpq", "-lpthread"]),
}


class Missing(Exception):
    """Something that the benchmark needs is not here."""


def build_tools() -> None:
    """Compiles the C programs that are older than their sources."""
    compiler = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)
    if not compiler:
        raise Missing("no C compiler: install gcc")
    TOOLS.mkdir(parents=True, exist_ok=True)
    folder = BENCHMARKS / "c"
    newest = max(f.stat().st_mtime for f in folder.iterdir())
    for name, (sources, libraries) in SOURCES.items():
        program = TOOLS / name
        if program.exists() and program.stat().st_mtime > newest:
            continue
        include = subprocess.run(["pg_config", "--includedir"], capture_output=True, text=True).stdout.strip()
        command = [compiler, "-O2", "-Wall", "-Wextra", f"-I{include or '/usr/include/postgresql'}", "-o", str(program)]
        subprocess.run(command + [str(folder / s) for s in sources] + libraries, check=True)


def require_release() -> None:
    """The released programs must be there: `make bench` builds them first."""
    for name in ("allocation-worker", "inventory-worker", "outbox-relay", "tallyman"):
        if not os.access(PROGRAMS / name, os.X_OK):
            raise Missing(f"{PROGRAMS / name} is missing: swift build -c release")
