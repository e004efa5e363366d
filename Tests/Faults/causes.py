"""What goes wrong in a fault run. Each cause is a function of (place, crew, random): it begins, holds and ends the fault,
and returns when the cause has ended; how long the workers take from there is measured by whoever calls it.

`CAUSES` names them all; `OUTAGES` those that take database or broker away from everybody.
"""
import os
import signal
import time

import place as places

LOCAL = places.LOCAL


def hold(random, low, high):
    """The time a fault lasts: part of the schedule, not a wait for something to happen."""
    time.sleep(random.uniform(low, high))


# The broker.

def broker_app_restart(place, crew, random):
    place.broker("stop_app")
    hold(random, 0.5, 4)
    place.broker("start_app")


def broker_kill(place, crew, random):
    places.run(os.path.join(LOCAL, "rabbitmq.sh"), "kill", place.rabbit)
    hold(random, 0.2, 2)
    place.start_rabbit()


def memory_alarm(place, crew, random):
    place.broker("set_vm_memory_high_watermark", "0.0000001")
    hold(random, 4, 9)
    place.broker("set_vm_memory_high_watermark", "0.4")


def disk_alarm(place, crew, random):
    place.broker("set_disk_free_limit", "999999999999999")
    hold(random, 3, 7)
    place.broker("set_disk_free_limit", "100MB")


def broker_stalled(place, crew, random):
    stall(place, random, "mq", 5, 12)


def broker_refused(place, crew, random):
    refuse(place, random, "mq")


def broker_cut(place, crew, random):
    place.proxy(do="cut_all", route="mq")


# The database.

def database_restart(place, crew, random):
    """Immediate: what was not committed is lost, as after a power cut."""
    places.run(os.path.join(LOCAL, "postgres.sh"), "kill", place.postgres)
    hold(random, 0.2, 3)
    place.start_postgres()


def database_frozen(place, crew, random):
    """SIGSTOP of the server and all its backends: it accepts nothing, answers nothing, closes nothing."""
    with open(os.path.join(place.postgres, "data", "postmaster.pid"), encoding="ascii") as file:
        master = int(file.readline())
    processes = [master, *children(master)]
    for process in processes:
        send(process, signal.SIGSTOP)
    hold(random, 5, 24)
    for process in reversed(processes):
        send(process, signal.SIGCONT)


def database_read_only(place, crew, random):
    place.sql("alter system set default_transaction_read_only = on")
    place.sql("select pg_reload_conf()")
    hold(random, 2, 6)
    place.sql("alter system reset default_transaction_read_only")
    place.sql("select pg_reload_conf()")


def database_stalled(place, crew, random):
    stall(place, random, "db", 5, 20)


def database_refused(place, crew, random):
    refuse(place, random, "db")


def database_cut(place, crew, random):
    place.proxy(do="cut_all", route="db")


def disk_full(place, crew, random):
    """A file takes what is left of the database's own small file system; the server may well die of it."""
    filler = os.path.join(place.postgres, "filler")
    deadline = time.monotonic() + random.uniform(4, 9)
    while time.monotonic() < deadline:  # what the server frees meanwhile is taken, too
        fill(filler)
        time.sleep(0.1)
    os.remove(filler)
    if places.run(os.path.join(LOCAL, "postgres.sh"), "status", place.postgres, check=False).strip() == "not running":
        place.start_postgres()


def fill(path):
    with open(path, "ab") as file:
        room = os.statvfs(path)
        free = room.f_bavail * room.f_frsize
        if free > 0:
            try:
                os.posix_fallocate(file.fileno(), file.tell(), free)
            except OSError:
                pass


# The network.

def commits_cut(place, crew, random):
    """Connections that end after COMMIT has arrived and before its answer: was it committed?"""
    wanted = random.randint(2, 6)
    before = place.proxy(do="counts")["db"]["cut_commit"]
    place.proxy(do="cut_commit", route="db", count=wanted)
    deadline = time.monotonic() + 10
    while place.proxy(do="counts")["db"]["cut_commit"] < before + wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    place.proxy(do="cut_commit", route="db", count=0)


def slow_network(place, crew, random):
    seconds = random.uniform(0.02, 0.25)
    for route in ("db", "mq"):
        place.proxy(do="delay", route=route, seconds=seconds)
    hold(random, 4, 8)
    for route in ("db", "mq"):
        place.proxy(do="delay", route=route, seconds=0)


def stall(place, random, route, low, high):
    place.proxy(do="stall", route=route, on=True)
    hold(random, low, high)
    place.proxy(do="stall", route=route, on=False)


def refuse(place, random, route):
    """Partitioned: open connections are reset and new ones are not let in."""
    place.proxy(do="refuse", route=route, on=True)
    place.proxy(do="cut_all", route=route)
    hold(random, 2, 6)
    place.proxy(do="refuse", route=route, on=False)


# The workers.

def worker_frozen(place, crew, random):
    """SIGSTOP: locks and unacknowledged messages stay with a process that does nothing."""
    worker = random.choice(crew.workers)
    worker.signal(signal.SIGSTOP)
    hold(random, 4, 14)
    worker.signal(signal.SIGCONT)


def kind_killed(place, crew, random):
    """All workers of one kind at once."""
    kind = random.choice(sorted({worker.kind for worker in crew.workers}))
    for worker in crew.workers:
        if worker.kind == kind:
            crew.kill(worker, "SIGKILL of all workers of a kind")


def children(master):
    found = []
    with open(f"/proc/{master}/task/{master}/children", encoding="ascii") as file:
        for child in map(int, file.read().split()):
            found.append(child)
    return found


def send(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


CAUSES = {function.__name__: function for function in (
    broker_app_restart, broker_kill, memory_alarm, disk_alarm, broker_stalled, broker_refused, broker_cut,
    database_restart, database_frozen, database_read_only, database_stalled, database_refused, database_cut, disk_full,
    commits_cut, slow_network, worker_frozen, kind_killed)}
OUTAGES = {"broker_app_restart", "broker_kill", "memory_alarm", "disk_alarm", "broker_stalled", "broker_refused",
           "database_restart", "database_frozen", "database_read_only", "database_stalled", "database_refused",
           "disk_full"}
