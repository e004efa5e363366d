#!/usr/bin/env python3
"""Makes the product ready for a benchmark as a user would: `tallyman migrate`, its own topology, then stock.

From the environment: PEER_PG (the database), PEER_STOCK (on hand per balance), PEER_MANAGEMENT (the port of the
broker's management API, 15685 if absent), PEER_SKUS and PEER_LOCATIONS (10,000 SKUs in two locations if absent),
PEER_LOTS (used-up lots of each SKU, none if absent).
PEER_WORKERS names the workers that have queues (allocation if absent: the only one that runs. The documentation says
to leave out the queues of workers that do not run; PEER_WORKERS=all shows what the others' queues cost).
With PEER_KEEP set the database stays as it is and only the broker's queues are emptied.
"""
import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

CHECKOUT, DATABASE = sys.argv[1], os.environ["PEER_PG"]
TALLYMAN = CHECKOUT + "/.build/release/tallyman"
SEED = CHECKOUT + "/Tests/Benchmarks/peers/seed.sql"
MANAGEMENT = f"http://127.0.0.1:{os.environ.get('PEER_MANAGEMENT', '15685')}/api/"

ALL = ["inventory", "allocation", "notification"]
WORKERS = os.environ.get("PEER_WORKERS", "allocation")
WORKERS = ALL if WORKERS == "all" else WORKERS.split(",")


def api(method: str, path: str, body: dict | None = None) -> None:
    """Asks the broker's management API; deleting what is not there is fine."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(MANAGEMENT + path, data, method=method)
    request.add_header("authorization", "Basic " + base64.b64encode(b"guest:guest").decode())
    request.add_header("content-type", "application/json")
    try:
        urllib.request.urlopen(request, timeout=30).read()
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise


def topology(workers: list[str]) -> dict:
    """The product's definitions of these workers' queues; of all, where none is named."""
    options = [word for worker in workers for word in ("--worker", worker)]
    command = [TALLYMAN, "topology", "--without-users", *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def empty_queues() -> None:
    """The product's topology, with empty queues. Those of workers that do not run now would fill with what nobody reads."""
    for queue in topology([])["queues"]:
        api("DELETE", f"queues/%2F/{queue['name']}")
    api("POST", "definitions", topology(WORKERS))


def fill_database() -> None:
    """The product's schema, and stock."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TALLYMAN_")}
    environment["TALLYMAN_DATABASE_URL"] = DATABASE
    subprocess.run([TALLYMAN, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    amounts = {"stock": os.environ["PEER_STOCK"], "skus": os.environ.get("PEER_SKUS", "10000"),
               "locations": os.environ.get("PEER_LOCATIONS", "2"), "lots": os.environ.get("PEER_LOTS", "0")}
    variables = [w for name, value in amounts.items() for w in ("-v", f"{name}={value}")]
    psql = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", DATABASE]
    subprocess.run([*psql, *variables, "-f", SEED], check=True)
    subprocess.run([*psql, "-c", "vacuum analyze", "-c", "checkpoint"], check=True)


empty_queues()
if not os.environ.get("PEER_KEEP"):
    fill_database()
