"""What a run leaves in runs.jsonl, and how it is told."""
import json
import statistics
import time


def read(path):
    try:
        with open(path, encoding="ascii") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def write(run, verdict):
    """The run's figures as one object; also printed."""
    published, heard = read(run.place.path("published.json")), read(run.place.path("heard.json"))
    cuts = run.cuts
    recoveries = {}
    for cause, *figures in run.recoveries:
        recoveries.setdefault(cause, []).append(figures)
    for cause, _, ready in run.crew.recoveries:
        recoveries.setdefault(cause, []).append((ready, ready, None, None))
    table = {cause: {"times": len(times), "ready_median": median(times, 0), "ready_worst": worst(times, 0),
                     "applied_median": median(times, 1), "applied_worst": worst(times, 1),
                     "lasted": [round(time[3], 1) for time in times if time[3] is not None],
                     "noticed": [None if time[2] is None else round(time[2], 1) for time in times
                                 if time[3] is not None]}
             for cause, times in sorted(recoveries.items())}
    totals = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "seed": run.seed, "duration": run.duration,
        "verdict": "held" if verdict == 0 else "violated", "first": run.verdict_text[:1],
        "published": published.get("sent", 0) + heard.get("shipments", 0), "distinct": published.get("distinct", 0),
        "heard": heard.get("heard", 0), "sigkill": run.counts["sigkill"], "outages": run.counts["outages"],
        "cuts": cuts, "causes": run.done, "recoveries": table, "memory": memory(run.crew.memory),
        "incidents": run.incidents}
    tell(totals)
    return totals


def median(times, place):
    return round(statistics.median(time[place] for time in times), 2)


def worst(times, place):
    return round(max(time[place] for time in times), 2)


def memory(samples):
    """The most each worker had, in MB, by kind: at all, and the most during an outage."""
    result = {}
    for _, phase, usage in samples:
        for name, size in usage.items():
            kind = name.rsplit("-", 1)[0]
            entry = result.setdefault(kind, {"peak_mb": 0.0, "outage_mb": 0.0, "first_mb": round(size / 1024, 1)})
            entry["peak_mb"] = max(entry["peak_mb"], round(size / 1024, 1))
            if phase not in ("start", "kills and cuts", "end") and not phase.startswith("after"):
                entry["outage_mb"] = max(entry["outage_mb"], round(size / 1024, 1))
    return result


def tell(totals):
    print(f"\n{totals['published']} messages published ({totals['distinct']} different), {totals['heard']} heard; "
          f"{totals['sigkill']} SIGKILLs, {totals['outages']} outages, {totals['cuts']} connections cut")
    print(f"{'recovery, seconds':34} {'times':>5} {'ready':>7} {'worst':>7} {'at work':>8} {'worst':>7} noticed after (of)")
    for cause, row in totals["recoveries"].items():
        print(f"{cause:34} {row['times']:5} {row['ready_median']:7} {row['ready_worst']:7} "
              f"{row['applied_median']:8} {row['applied_worst']:7} "
              + ", ".join(f"{'-' if noticed is None else noticed} ({lasted})"
                          for noticed, lasted in zip(row["noticed"], row["lasted"])))
    for kind, row in totals["memory"].items():
        print(f"{kind:24} memory: {row['first_mb']} MB at first, {row['peak_mb']} MB at most, "
              f"{row['outage_mb']} MB at most in an outage")


if __name__ == "__main__":
    raise SystemExit("this is a part of run.py")
