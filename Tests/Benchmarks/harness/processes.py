"""CPU time and memory of processes and their descendants, from /proc."""
import os
import signal
import subprocess

TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        fields = _stat(entry) if entry.isdigit() else None
        if fields:
            children.setdefault(int(fields[1]), []).append(int(entry))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def _stat(pid) -> list[str] | None:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


def cpu(pid: int) -> float:
    """CPU seconds of a process's tree, children that have ended included."""
    found = [_stat(p) for p in tree(pid)]
    return sum(sum(map(int, fields[11:15])) for fields in found if fields) / TICK


def peak_memory(pid: int) -> float:
    """The greatest resident memory so far, MB, of a process's tree."""
    return sum(_status(p, "VmHWM") for p in tree(pid)) / 1024


def memory(pid: int) -> float:
    """Resident memory now, MB."""
    return sum(_status(p, "VmRSS") for p in tree(pid)) / 1024


def _status(pid: int, name: str) -> int:
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(name)), 0)
    except OSError:
        return 0


def end(processes: list[subprocess.Popen]) -> None:
    """Asks them to stop, and makes them."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Niced:
    """How much of the machine processes with lowered priority take from now on: somebody else's builds, say."""

    def __init__(self):
        self.before = self._now()

    @staticmethod
    def _now() -> tuple[int, int]:
        with open("/proc/stat") as file:
            fields = [int(word) for word in file.readline().split()[1:9]]
        return fields[1], sum(fields)

    def share(self) -> float:
        niced, total = (now - before for now, before in zip(self._now(), self.before))
        return round(niced / max(1, total), 3)
