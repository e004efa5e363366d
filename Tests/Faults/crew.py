"""The workers of a fault run: started, killed, started again as an orchestrator would, and watched."""
import http.client
import os
import re
import signal
import threading
import time

import place as places

KINDS = {"inventory-worker": 2, "allocation-worker": 3, "notification-worker": 2, "outbox-relay": 2}
ROLE = {"inventory-worker": "tallyman_inventory", "allocation-worker": "tallyman_allocation",
        "notification-worker": "tallyman_notification", "outbox-relay": "tallyman_relay"}
# Signatures of webhooks carry a time that receivers compare with theirs: notifications are sent by right clocks.
WRONG_CLOCKS = {"inventory-worker-2": "+3h", "allocation-worker-2": "-2d", "allocation-worker-3": "+20d",
                "outbox-relay-2": "-1d"}
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
PROGRESS = re.compile(r"^tallyman_(?:messages|outbox_published)_total\{?.* ([0-9.e+]+)$", re.MULTILINE)


class Worker:
    """One process at a time under one name."""

    def __init__(self, place, name, port):
        self.place, self.name, self.port = place, name, port
        self.kind = name.rsplit("-", 1)[0]
        self.process, self.ready, self.stopped = None, False, False
        self.starts = 0
        self.since = {}  # cause: when it ended, until the worker is ready
        self.ready_since = self.unready_since = 0.0

    def start(self):
        environment = self.place.worker_environment(ROLE[self.kind]) | {
            "TALLYMAN_HTTP_HOST": "127.0.0.1", "TALLYMAN_HTTP_PORT": str(self.port),
            "TALLYMAN_LOG_LEVEL": "warning", "TALLYMAN_LOG_FORMAT": "json"}
        if self.kind == "notification-worker":
            environment |= {
                "TALLYMAN_SMTP_URL": f"smtp://127.0.0.1:{self.place.receiver['SMTP_PORT']}",
                "TALLYMAN_SMTP_ENCRYPTION": "none", "TALLYMAN_EMAIL_FROM": "stock@example.com",
                "TALLYMAN_EMAIL_TO": "stock.low=buyer@example.com,stock.out=buyer@example.com",
                "TALLYMAN_WEBHOOK_URLS": f"stock.low=http://127.0.0.1:{self.place.receiver['HTTP_PORT']}/hook",
                "TALLYMAN_WEBHOOK_SECRET_FILE": self.place.path("webhook"),
                # A killed sender's lease has to end before the next one may send: soon enough for a run of minutes.
                "TALLYMAN_DELIVERY_LEASE_SECONDS": "15", "TALLYMAN_DELIVERY_TIMEOUT_SECONDS": "5"}
        if self.name in WRONG_CLOCKS and os.path.exists(FAKETIME):
            environment |= {"LD_PRELOAD": FAKETIME, "FAKETIME": WRONG_CLOCKS[self.name],
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "0"}
        binary = os.path.join(self.place.binaries, self.kind)
        self.ready = False
        self.process = self.place.spawn(self.name, binary, environment=environment)
        self.starts += 1

    def kill(self):
        """SIGKILL, and waits until it is gone."""
        self.ready = False
        self.process.kill()
        self.process.wait()
        self.place.children.remove(self.process)

    def signal(self, number):
        self.process.send_signal(number)
        self.stopped = number == signal.SIGSTOP

    def get(self, path, timeout=1.0):
        """Status and text, or None if it does not answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def progress(self):
        """How much it has settled or published since its start, or None."""
        answer = self.get("/metrics")
        return sum(map(float, PROGRESS.findall(answer[1]))) if answer else None

    def memory(self):
        """Resident KiB."""
        try:
            with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
                for line in file:
                    if line.startswith("VmRSS:"):
                        return int(line.split()[1])
        except OSError:
            pass
        return 0


class Crew:
    """All workers, and a thread that looks at each several times a second."""

    def __init__(self, place):
        ports = places.free_ports(sum(KINDS.values()))
        self.workers = [Worker(place, f"{kind}-{number}", ports.pop())
                        for kind, count in KINDS.items() for number in range(1, count + 1)]
        self.place = place
        self.recoveries = []  # (cause, worker, seconds until ready)
        self.memory = []  # (seconds, phase, {worker: KiB})
        self.unexpected = []
        self.phase, self.began = "start", time.monotonic()
        self.ending = threading.Event()
        self.lock = threading.Lock()

    def start(self):
        for worker in self.workers:
            worker.start()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        sampled = 0.0
        while not self.ending.is_set():
            for worker in self.workers:
                self.look(worker)
            if time.monotonic() - sampled > 1:
                sampled = time.monotonic()
                usage = {worker.name: worker.memory() for worker in self.workers}
                self.memory.append((round(sampled - self.began, 1), self.phase, usage))
            self.ending.wait(0.15)

    def look(self, worker):
        if worker.stopped:
            return
        starts = worker.starts
        answer = worker.get("/health/ready", timeout=0.5)
        with self.lock:
            ready = answer is not None and answer[0] == 200 and worker.starts == starts
            if ready and not worker.ready:
                worker.ready_since = time.monotonic()
            if worker.ready and not ready:
                worker.unready_since = time.monotonic()
            worker.ready = ready
            if ready:
                for cause, ended in worker.since.items():
                    self.recoveries.append((cause, worker.name, time.monotonic() - ended))
                worker.since.clear()
            elif worker.process.poll() is not None and worker.starts == starts and not self.ending.is_set():
                # It ended by itself, which no fault here excuses; an orchestrator would start it again.
                self.unexpected.append(f"{worker.name} ended by itself with {worker.process.returncode}")
                self.place.children.remove(worker.process)
                worker.start()

    def kill(self, worker, cause="SIGKILL of a worker"):
        with self.lock:
            worker.kill()
            worker.start()
            worker.since = {cause: time.monotonic()}

    def all_ready(self):
        return all(worker.ready for worker in self.workers)

    def progress(self):
        return {worker.name: worker.progress() for worker in self.workers if worker.kind != "notification-worker"}

    def stop(self):
        """SIGTERM; says who did not end well in time."""
        self.ending.set()
        self.thread.join()
        for worker in self.workers:
            worker.process.send_signal(signal.SIGCONT)
            worker.process.terminate()
        late = []
        for worker in self.workers:
            try:
                code = worker.process.wait(timeout=25)
                if code:
                    late.append(f"{worker.name} ended with {code} on SIGTERM")
            except Exception:  # noqa: BLE001 - whatever kept it
                late.append(f"{worker.name} did not end within 25 s of SIGTERM")
        return late
