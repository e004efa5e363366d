"""What is measured. Each module has NAME, TITLE, run(bench) -> data, text(data) -> Markdown; some have plots(data)."""
from . import (
    backorders, correctness, cost, counts, flatness, inventory, latency, outbox, profile, relay, scaling, serial,
    soak, throughput)

BY_DEFAULT = [throughput, correctness, latency, counts, relay, inventory, scaling, serial, cost, backorders, flatness]
ALL = [*BY_DEFAULT, outbox, profile, soak]
