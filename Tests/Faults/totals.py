#!/usr/bin/env python3
"""Sums the runs of runs.jsonl: totals.py [--document] [FILE …] (.build/faults/runs.jsonl).

With --document it prints the tables that topology/FAULTS.md shows.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


SUMS = (("published", "published"), ("heard", "heard"), ("sigkill", "SIGKILLs"), ("outages", "outages"),
        ("cuts", "connections cut"))


def read(paths):
    runs = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            runs += map(json.loads, file)
    return runs


def document(runs):
    """Markdown: a row for each run, and one for each cause."""
    print("| Seed | Faults for | Published | Heard | SIGKILLs | Outages | Connections cut | Verdict |")
    print("|---|---|---|---|---|---|---|---|")
    for run in runs:
        print(f"| {run['seed']} | {run['duration']:g} s | " + " | ".join(f"{run[key]:,}" for key, _ in SUMS)
              + f" | {run['verdict'] if run['verdict'] == 'held' else 'violated, see above'} |")
    print(f"| {len(runs)} runs | | " + " | ".join(f"{sum(run[key] for run in runs):,}" for key, _ in SUMS) + " | |\n")
    print("| Cause | Times | Ready, median of medians | Ready, worst | At work, worst "
          "| Noticed after … of an outage that lasted …, s |")
    print("|---|---|---|---|---|---|")
    for cause in sorted({cause for run in runs for cause in run["recoveries"]}):
        rows = [run["recoveries"][cause] for run in runs if cause in run["recoveries"]]
        medians = sorted(row["ready_median"] for row in rows)
        noticed = ", ".join(f"{after:g} of {lasted:g}" for row in rows
                            for after, lasted in zip(row.get("noticed", []), row.get("lasted", [])) if lasted >= 1)
        print(f"| {cause} | {sum(row['times'] for row in rows)} | {medians[len(medians) // 2]} | "
              f"{max(row['ready_worst'] for row in rows)} | {max(row['applied_worst'] for row in rows)} | {noticed} |")


def main(words):
    runs = read([word for word in words if word != "--document"]
                or [os.path.join(HERE, "..", "..", ".build", "faults", "runs.jsonl")])
    if "--document" in words:
        return document(runs)
    for run in runs:
        print(f"{run['at']} SEED={run['seed']:<7} {run['duration']:6g} s {run['verdict']:8} {run['published']:8} "
              f"published {run['heard']:8} heard {run['sigkill']:4} kills {run['outages']:3} outages "
              f"{run['cuts']:4} cuts {'; '.join(run['first'] if run['verdict'] != 'held' else [])}")
    print(f"{len(runs)} runs: " + ", ".join(
        f"{sum(run[key] for run in runs)} {name}" for key, name in SUMS))
    worst = {}
    for run in runs:
        for cause, row in run["recoveries"].items():
            entry = worst.setdefault(cause, [0, [], 0.0, 0.0])
            entry[0] += row["times"]
            entry[1].append(row["ready_median"])
            entry[2] = max(entry[2], row["ready_worst"])
            entry[3] = max(entry[3], row["applied_worst"])
    print(f"{'recovery, seconds':34} {'times':>6} {'ready median':>13} {'worst':>7} {'at work worst':>14}")
    for cause, (times, medians, ready, applied) in sorted(worst.items()):
        print(f"{cause:34} {times:6} {sorted(medians)[len(medians) // 2]:13} {ready:7} {applied:14}")


if __name__ == "__main__":
    main(sys.argv[1:])
