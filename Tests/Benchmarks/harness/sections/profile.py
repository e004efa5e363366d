"""Where the CPU time of worker and relay goes, and the plan of each statement under load."""
import re
import shutil
import subprocess

from .. import database
from ..paths import OUTPUT
from ..statements import label
from ..statistics_of import table

NAME, TITLE = "profile", "Profile of worker and relay"
AUTO_EXPLAIN = {
    "session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on", "auto_explain.log_nested_statements": "on",
}


def run(bench) -> dict:
    n = 100_000 if bench.full else 50_000
    data = {"n": n, "functions": functions(bench, n), "plans": plans(bench, 5_000)}
    document = ["# Plans under load", "", "The largest execution of each statement while 5,000 orders were allocated and "
                "relayed (auto_explain with analyze and buffers).", ""]
    for plan in data["plans"]:
        document += [f"## {plan['statement']}", "", "```", plan["text"], "```", ""]
    (OUTPUT / "plans.md").write_text("\n".join(document))
    return data


# Functions, by perf

def functions(bench, n: int) -> dict:
    if not shutil.which("perf"):
        return {"missing": "perf is not installed (Debian: linux-perf)"}
    rig = bench.rig()
    rig.prepare()
    recorders = []

    class Recording:
        """Follows the contestant's processes while they run."""

        def __enter__(self):
            for name in ("allocation-worker", "outbox-relay"):
                pid = _newest(name)
                file = rig.servers.folder / f"{name}.perf"
                command = ["perf", "record", "-q", "-e", "cpu-clock:u", "-F", "1999", "-p", str(pid), "-o", str(file)]
                recorders.append((name, file, subprocess.Popen(command, stderr=subprocess.DEVNULL)))

        def __exit__(self, *_):
            for _, _, process in recorders:
                process.send_signal(2)
                process.wait()

    result = rig.throughput(n, "zipf", sampler=Recording())
    bench.say(f"under perf: {result['end_to_end_per_s']}/s")
    return {name: top(file) for name, file, _ in recorders}


def _newest(name: str) -> int:
    return int(subprocess.run(["pgrep", "-n", "-f", f"/{name}$"], capture_output=True, text=True, check=True).stdout)


def top(file) -> list[dict]:
    """The functions with the greatest share of samples."""
    report = subprocess.run(["perf", "report", "-i", str(file), "--stdio", "-q", "--no-children", "-F",
                             "overhead,dso,symbol", "--percent-limit", "0.6"], capture_output=True, text=True).stdout
    demangled = subprocess.run(["swift", "demangle", "--simplified"], input=report, capture_output=True, text=True).stdout
    found = []
    for line in (demangled or report).split("\n"):
        match = re.match(r"\s*([\d.]+)%\s+(\S+)\s+\[[.k]\]\s+(.*)", line)
        if match:
            found.append({"share": float(match[1]), "where": match[2], "function": match[3].strip()})
    return found[:30]


# Plans, by auto_explain

def plans(bench, n: int) -> list[dict]:
    rig = bench.rig()
    rig.prepare()
    for name, value in AUTO_EXPLAIN.items():
        database.execute(bench.servers.url(), f"alter role postgres set {name} = '{value}'")
    before = bench.servers.postgres_log.stat().st_size
    try:
        rig.throughput(n, "zipf", timeout=120)
    finally:
        for name in AUTO_EXPLAIN:
            database.execute(bench.servers.url(), f"alter role postgres reset {name}")
    with open(bench.servers.postgres_log) as log:
        log.seek(before)
        return largest(log.read())


def largest(log: str) -> list[dict]:
    """Per statement the execution that took longest, from the server's log."""
    best = {}
    pattern = r"LOG:  duration: ([\d.]+) ms  plan:\n((?:\t.*\n)+)"
    for match in re.finditer(pattern, log):
        body = "\n".join(line[1:] for line in match[2].split("\n"))
        query, _, _ = re.split(r"\n(?=\S.*\(cost=)", body, maxsplit=1)[0].partition("\n\n")
        query = re.sub(r"\s+", " ", query.replace("Query Text:", "")).strip()
        if re.search(r"pg_stat|pg_sequence|^select (count|sum|\(select|coalesce\(sum)|advisory|partition", query):
            continue
        if query not in best or best[query]["ms"] < float(match[1]):
            best[query] = {"statement": label(query), "ms": float(match[1]), "text": body.strip()}
    return sorted(best.values(), key=lambda p: -p["ms"])


def text(data: dict) -> str:
    parts = []
    for name, found in data["functions"].items():
        if name == "missing":
            parts.append(found)
            continue
        parts.append(f"`{name}`, share of its own CPU samples in user space ({data['n']:,} orders, perf at 1,999 Hz):")
        parts.append(table(["%", "in", "function"], [
            [f"{f['share']:.1f}", f["where"], "`" + f["function"][:100].replace("|", "¦") + "`"] for f in found[:15]]))
    parts.append("Plans, the slowest execution of each statement (all of them with analyze and buffers: "
                 "`.build/bench/plans.md`):")
    parts.append(table(["statement", "ms", "node at the bottom"], [
        [f"`{p['statement'][:70].replace('|', '¦')}`", f"{p['ms']:.2f}", _leaf(p["text"])] for p in data["plans"]]))
    return "\n\n".join(parts)


def _leaf(plan: str) -> str:
    """The scans of a plan."""
    scans = re.findall(r"((?:Index Only|Index|Seq|Tid|Bitmap Heap) Scan(?: Backward)?(?: using \S+)? on \S+)", plan)
    return ", ".join(dict.fromkeys(scans)) or "no scan"
