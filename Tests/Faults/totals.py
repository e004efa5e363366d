#!/usr/bin/env python3
"""Sums the runs of runs.jsonl: totals.py [FILE …] (.build/faults/runs.jsonl)."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def main(paths):
    runs = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            runs += map(json.loads, file)
    for run in runs:
        print(f"{run['at']} SEED={run['seed']:<7} {run['duration']:6g} s {run['verdict']:8} {run['published']:8} "
              f"published {run['heard']:8} heard {run['sigkill']:4} kills {run['outages']:3} outages "
              f"{run['cuts']:4} cuts {'; '.join(run['first'] if run['verdict'] != 'held' else [])}")
    print(f"{len(runs)} runs: " + ", ".join(
        f"{sum(run[key] for run in runs)} {name}" for key, name in
        (("published", "published"), ("heard", "heard"), ("sigkill", "SIGKILLs"), ("outages", "outages"),
         ("cuts", "connections cut"))))
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
    main(sys.argv[1:] or [os.path.join(HERE, "..", "..", ".build", "faults", "runs.jsonl")])
