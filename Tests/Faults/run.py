#!/usr/bin/env python3
"""A fault run: workers at work, a generator, a seeded schedule of faults, and then the oracle's verdict.

    run.py            everything from the environment:

    SEED       repeats a run's story and schedule (random, and printed)
    DURATION   how long faults go on: 150, 20m, 2h (default 150 s)
    BUILD      the folder of the programs (.build/release)
    RATE       messages published per second at most (1500; less in a soak)
    BACKLOG    no more are published while so many wait (15000)
    CAUSES     only these, by name, separated by commas; "none" for none
    HARASS     0: no kills and cuts between the causes
    SETTLE     how long to wait at most until everything is settled (240 s)
    RESULTS    folder for runs.jsonl and what is kept of a run (.build/faults)
    KEEP       1: keep the evidence of a run that passed, too

Exit code 0: all held. 1: a violation, named. 2: the run itself did not work.
"""
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import causes
import crew as crews
import place as places
import summary

HERE = os.path.dirname(os.path.abspath(__file__))
# "All resumes alone within 10 s after the cause ends."
RECOVERY_LIMIT = 10.0
# How long nothing may be under way before a run counts as settled, seconds.
QUIET_TIME = 10.0


def seconds(text):
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], None)
    return float(text[:-1]) * unit if unit else float(text)


class Run:
    """One run, from the empty folder to the verdict."""

    def __init__(self, environment):
        self.seed = int(environment.get("SEED") or secrets.randbelow(1_000_000))
        self.duration = seconds(environment.get("DURATION") or "150")
        self.patience = seconds(environment.get("SETTLE") or "240")
        # A soak publishes as many messages as ten minutes at full rate: they all go through the oracle's memory.
        self.rate = environment.get("RATE") or str(int(1500 * min(1, 600 / self.duration)))
        self.backlog = environment.get("BACKLOG") or "15000"
        chosen = environment.get("CAUSES") or ",".join(causes.CAUSES)
        self.chosen = [] if chosen == "none" else chosen.split(",")
        self.harass = environment.get("HARASS", "1") != "0"
        self.results = os.path.abspath(environment.get("RESULTS") or os.path.join(places.CHECKOUT, ".build", "faults"))
        self.keep = environment.get("KEEP") == "1"
        self.binaries = os.path.abspath(environment.get("BUILD") or os.path.join(places.CHECKOUT, ".build", "release"))
        self.random = random.Random(f"schedule {self.seed}")
        self.recoveries, self.done, self.slow = [], [], []
        self.counts = {"sigkill": 0, "outages": 0}
        self.began = time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self.began:6.1f}] {text}", flush=True)

    # The whole of it.

    def perform(self):
        self.say(f"SEED={self.seed} DURATION={self.duration:g} BUILD={self.binaries}")
        folder = tempfile.mkdtemp(prefix=f"tallyman-faults-{self.seed}-")
        disk = 1500 + int(self.duration * float(self.rate) / 100)  # MiB
        self.place = places.Place(folder, self.binaries, min(disk, 9000))
        try:
            self.start()
            self.provoke()
            self.finish()
            verdict = self.judge()
        except BaseException:
            self.say(f"the run did not work; logs are in {folder}")
            raise
        finally:
            self.place.stop()
        self.record(folder, verdict)
        return verdict

    def start(self):
        self.place.start()
        self.crew = crews.Crew(self.place)
        self.crew.start()
        password = self.place.path("password")
        common = (sys.executable, os.path.join(HERE, "subscriber.py"), str(self.place.mq_port), password,
                  self.place.folder)
        self.subscriber = self.place.spawn("subscriber", *common, str(self.seed))
        self.place.wait("the subscriber's queue", lambda: "subscriber.faults" in (self.place.queues() or {}))
        self.place.wait("readiness of all workers", self.crew.all_ready, 60)
        self.publisher = self.place.spawn(
            "publisher", sys.executable, os.path.join(HERE, "publisher.py"), *common[2:], str(self.seed), self.rate,
            self.backlog)
        self.say("all workers are ready; " + ("" if self.place.mounted else "no small file system: disk_full is not "
                                              "provoked; ") + self.clocks())

    @staticmethod
    def clocks():
        return "some clocks are wrong" if os.path.exists(crews.FAKETIME) else "no libfaketime: all clocks are right"

    def provoke(self):
        """Faults one after the other, kills and cuts in between, until the time is over."""
        names = [name for name in self.chosen if name != "disk_full" or self.place.mounted]
        ends = time.monotonic() + self.duration
        order = []
        while time.monotonic() < ends:
            self.trouble(min(ends, time.monotonic() + self.random.uniform(3, 6)))
            if not names or time.monotonic() >= ends:
                continue
            if not order:
                order = self.random.sample(names, len(names))
            self.cause(order.pop())

    def trouble(self, until):
        """Single kills and cuts."""
        self.crew.phase = "kills and cuts"
        while time.monotonic() < until:
            pause = self.random.uniform(0.15, 0.7)
            number, victim = self.random.random(), self.random.randrange(len(self.crew.workers))
            offset, route = self.random.randint(0, 60_000), self.random.choice(("db", "mq"))
            time.sleep(pause)
            if not self.harass:
                continue
            if number < 0.5:
                self.crew.kill(self.crew.workers[victim])
                self.counts["sigkill"] += 1
            else:
                self.place.proxy(do="cut", route=route, up=victim % 2 == 0, at=offset)

    def cause(self, name):
        self.wait_ready(45)
        self.crew.phase = name
        self.say(name)
        starts, began = sum(worker.starts for worker in self.crew.workers), time.monotonic()
        causes.CAUSES[name](self.place, self.crew, self.random)
        ended = time.monotonic()
        self.counts["sigkill"] += sum(worker.starts for worker in self.crew.workers) - starts
        self.counts["outages"] += name in causes.OUTAGES
        before = self.crew.progress()
        self.done.append(name)
        self.crew.phase = "after " + name
        time.sleep(0.3)  # the watcher looks at each worker several times a second
        ready = max(self.wait_ready(45), ended)  # some causes nobody notices
        applied = self.wait_progress(before, 45)
        noticed = [worker.unready_since - began for worker in self.crew.workers if worker.unready_since > began]
        self.recoveries.append((name, ready - ended, applied - ended, min(noticed, default=None), ended - began))
        if max(ready, applied) - ended > RECOVERY_LIMIT:
            late = f"{name}: ready after {ready - ended:.1f} s, at work after {applied - ended:.1f} s"
            self.say("SLOW " + late)
            self.slow.append(late)

    def wait_ready(self, limit):
        """When all were ready; the watcher's own rhythm is the resolution."""
        deadline = time.monotonic() + limit
        while not self.crew.all_ready() and time.monotonic() < deadline:
            time.sleep(0.05)
        return max([worker.ready_since for worker in self.crew.workers]
                   + [0.0]) if self.crew.all_ready() else time.monotonic()

    def wait_progress(self, before, limit):
        """When each kind of worker had settled or published something since."""
        deadline = time.monotonic() + limit
        open_kinds = {"inventory-worker", "allocation-worker", "outbox-relay"}
        while open_kinds and time.monotonic() < deadline:
            for name, value in self.crew.progress().items():
                if value is not None and value != before.get(name):
                    open_kinds.discard(name.rsplit("-", 1)[0])
            time.sleep(0.1)
        return time.monotonic()

    # The end.

    def finish(self):
        self.crew.phase = "end"
        self.say("faults are over; waiting until everything is settled")
        self.publisher.terminate()
        code = self.publisher.wait(timeout=300)
        if code:
            raise RuntimeError(f"the publisher ended with {code}, see {self.place.path('log', 'publisher')}")
        deadline, told, busy = time.monotonic() + self.patience, time.monotonic(), time.monotonic()
        # A queue tells its length every 5 s, and a message may spend 3 s in a retry queue between two of those times.
        while time.monotonic() < busy + QUIET_TIME:
            if time.monotonic() > told + 20:
                told = time.monotonic()
                self.say(f"still waiting: {self.unsettled()}")
            if time.monotonic() > deadline:
                self.say(f"NOT SETTLED: {self.unsettled()}")
                break
            time.sleep(0.7)
            if self.unsettled():
                busy = time.monotonic()
        self.subscriber.terminate()
        self.subscriber.wait(timeout=60)
        self.unsettled_at_end = self.unsettled()
        room = os.statvfs(self.place.postgres)
        self.say(f"the database's file system holds {(room.f_blocks - room.f_bfree) * room.f_frsize >> 20} MiB")
        counts = self.place.proxy(do="counts")
        self.cuts = sum(route["cut"] + route["cut_mid_frame"] + route["cut_commit"] for route in counts.values())
        late = self.crew.stop()
        self.incidents = self.crew.unexpected + late + self.slow
        self.say("everything is settled" if not self.unsettled_at_end else "the end of waiting")

    def unsettled(self):
        """What is still under way, in words; empty when nothing is."""
        queues = self.place.queues()
        if queues is None:
            return "the broker does not say"
        waiting = {name: count for name, count in queues.items()
                   if count != 0 and not name.endswith(".dead") and name != "unrouted"}
        if waiting:
            return f"queues {waiting}"
        open_rows = self.place.sql(
            "select (select count(*) from outbox) || ' outbox rows, ' || (select count(*) from notification_deliveries"
            " where state = 'waiting') || ' deliveries, ' || (select count(*) from stock_items i where owed > 0 and"
            " (select sum(on_hand - damaged - quality_control - reserved - safety_stock) from balances b"
            " where b.sku = i.sku and sellable) > i.safety_stock) || ' SKUs with stock and backorders'").strip()
        return "" if open_rows.startswith("0 outbox rows, 0 deliveries, 0 SKUs") else open_rows

    def judge(self):
        evidence = self.place.path("evidence")
        os.makedirs(evidence)
        for name in ("journal.jsonl", "shipped.jsonl", "heard.jsonl", "received.jsonl"):
            shutil.move(self.place.path(name), evidence) if os.path.exists(self.place.path(name)) else open(
                os.path.join(evidence, name), "w", encoding="ascii").close()
        dump = [sys.executable, os.path.join(HERE, "evidence.py"), str(self.place.pg_port),
                os.path.join(self.place.postgres, "log"), str(self.place.mq_port), self.place.path("password"),
                evidence]
        subprocess.run(dump, check=True)
        self.place.stop_servers()
        self.say("the oracle reads the evidence")
        oracle = subprocess.run([sys.executable, os.path.join(HERE, "oracle.py"), evidence], text=True,
                                stdout=subprocess.PIPE, check=False)
        print(oracle.stdout, end="", flush=True)
        self.verdict_text = oracle.stdout.strip().splitlines()
        return oracle.returncode

    def record(self, folder, verdict):
        totals = summary.write(self, verdict)
        os.makedirs(self.results, exist_ok=True)
        with open(os.path.join(self.results, "runs.jsonl"), "a", encoding="utf-8") as file:
            file.write(json.dumps(totals) + "\n")
        if verdict or self.keep or self.incidents:
            kept = os.path.join(self.results, f"run-{self.seed}-{int(time.time())}")
            shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("*.sock", "pg", "mq"))
            self.say(f"evidence is kept in {kept}")
        shutil.rmtree(folder, ignore_errors=True)


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    run = Run(os.environ)
    missing = [name for name in ("tallyman", *crews.KINDS) if not os.access(os.path.join(run.binaries, name), os.X_OK)]
    if missing:
        sys.exit(f"not in {run.binaries}: {', '.join(missing)}; build first (swift build -c release)")
    unknown = [name for name in run.chosen if name not in causes.CAUSES]
    if unknown:
        sys.exit(f"CAUSES: unknown: {', '.join(unknown)}; known: {', '.join(causes.CAUSES)}")
    verdict = run.perform()
    if run.incidents:
        print("Not lost, but not as promised either:\n  " + "\n  ".join(run.incidents))
    print(f"SEED={run.seed}: " + ("everything held" if not verdict else "VIOLATION, see above"))
    sys.exit(1 if verdict or run.incidents else 0)


if __name__ == "__main__":
    main()
