"""Where a fault run takes place: a private PostgreSQL on a small file system of its own, a private RabbitMQ, a proxy in
front of both, a receiver of mails and webhooks. Everything lies in one folder and goes with it."""
import base64
import hashlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(os.path.dirname(HERE))
LOCAL = os.path.join(CHECKOUT, "topology", "local")
# What a retry queue forwards while the broker restarts may find no queue to take it, and is forwarded again only after
# this time, in milliseconds; three minutes if nothing is said.
FORWARDING = "-rabbit dead_letter_worker_publisher_confirm_timeout 15000"
# A run of minutes cannot wait for the five minutes of the last delay tier: shorter tiers, otherwise the same topology.
TIERS_MS = {"1": 1000, "2": 3000, "3": 15000}
ROLES = ("inventory", "allocation", "notification", "relay")


def free_ports(count):
    """Below the range of outgoing connections, and different from one another."""
    found = []
    while len(found) < count:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as probe:
            if port not in found and probe.connect_ex(("127.0.0.1", port)):
                found.append(port)
    return found


def run(*command, check=True, **options):
    """Runs a program to its end; its output is in the exception if it fails."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)
    if check and result.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} ended with {result.returncode}: {result.stderr.strip()[-800:]}")
    return result.stdout


class Place:
    """Servers of one run."""

    def __init__(self, folder, binaries, disk_mb):
        self.folder, self.binaries, self.disk_mb = folder, binaries, disk_mb
        self.postgres, self.rabbit = os.path.join(folder, "pg"), os.path.join(folder, "mq")
        self.mounted = False
        self.children = []
        self.passwords = {}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # Starting.

    def start(self):
        os.makedirs(self.path("log"))
        os.chmod(self.folder, 0o755)
        self.mount()
        self.start_postgres(first=True)
        self.start_rabbit(first=True)
        self.proxy_ports = dict(zip(("db", "mq"), free_ports(2)))
        self.start_proxy()
        self.start_receiver()

    def mount(self):
        """A small file system for the database, so that a full disk fills nobody else's."""
        os.makedirs(self.postgres)
        command = ["mount", "-t", "tmpfs", "-o", f"size={self.disk_mb}m,mode=755", "tmpfs", self.postgres]
        self.mounted = os.getuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0

    def start_postgres(self, first=False):
        run(os.path.join(LOCAL, "postgres.sh"), "start", self.postgres)
        if not first:
            return
        self.pg_port = int(open(os.path.join(self.postgres, "port"), encoding="ascii").read())
        for setting in ("max_wal_size = '512MB'", "wal_recycle = off", "wal_init_zero = off",
                        "checkpoint_timeout = '60s'"):
            self.sql("alter system set " + setting, database="postgres")
        self.sql("create role tallyman_owner login createrole", database="postgres")
        self.sql("create database tallyman owner tallyman_owner", database="postgres")
        run(os.path.join(self.binaries, "tallyman"), "migrate",
            env=self.environment("tallyman_owner", port=self.pg_port))
        run(os.path.join(LOCAL, "postgres.sh"), "stop", self.postgres)
        run(os.path.join(LOCAL, "postgres.sh"), "start", self.postgres)

    def start_rabbit(self, first=False):
        if first:
            self.write_definitions()
        environment = dict(os.environ, TALLYMAN_DEFINITIONS=self.path("definitions.json"),
                           RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=FORWARDING)
        run(os.path.join(LOCAL, "rabbitmq.sh"), "start", self.rabbit, env=environment)
        self.mq_port = int(open(os.path.join(self.rabbit, "amqp-port"), encoding="ascii").read())
        self.management = int(open(os.path.join(self.rabbit, "mgmt-port"), encoding="ascii").read())

    def write_definitions(self):
        """The project's topology with passwords, shorter delay tiers and one user more."""
        definitions = json.loads(run(os.path.join(self.binaries, "tallyman"), "topology"))
        definitions["users"].append({"name": "faults", "tags": "administrator"})
        definitions["permissions"].append({"user": "faults", "vhost": "/", "configure": ".*", "write": ".*",
                                           "read": ".*"})
        for user in definitions["users"]:
            password, salt = secrets.token_hex(12), secrets.token_bytes(4)
            self.passwords[user["name"]] = password
            digest = hashlib.sha256(salt + password.encode()).digest()
            user["password_hash"] = base64.b64encode(salt + digest).decode()
            user["hashing_algorithm"] = "rabbit_password_hashing_sha256"
        for policy in definitions["policies"]:
            if ".retry." in policy["name"]:
                policy["definition"]["message-ttl"] = TIERS_MS[policy["name"][-1]]
        self.write_secret("definitions.json", json.dumps(definitions))
        self.write_secret("password", self.passwords["faults"])

    def write_secret(self, name, text):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)

    def start_proxy(self):
        control = self.path("proxy.sock")
        ports = (f"db={self.proxy_ports['db']}:{self.pg_port}", f"mq={self.proxy_ports['mq']}:{self.mq_port}")
        self.spawn("proxy", sys.executable, os.path.join(HERE, "proxy.py"), control, *ports)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.settimeout(30)
        # The socket's file is there a moment before anybody listens.
        self.wait("the proxy", lambda: self.control.connect_ex(control) == 0)
        self.answers = self.control.makefile()

    def start_receiver(self):
        self.write_secret("webhook", "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
        self.spawn("receiver", sys.executable, os.path.join(LOCAL, "mail-and-webhooks.py"),
                   self.path("received.jsonl"), self.path("webhook"), self.path("receiver.ports"))
        self.wait("the receiver", lambda: os.path.exists(self.path("receiver.ports")))
        with open(self.path("receiver.ports"), encoding="ascii") as file:
            self.receiver = dict(line.strip().split("=") for line in file)

    def spawn(self, name, *command, environment=None):
        """A child that dies with this program."""
        with open(self.path("log", name), "ab") as log:
            child = subprocess.Popen(("setpriv", "--pdeathsig", "KILL", *command), stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=log, env=environment, start_new_session=True)
        self.children.append(child)
        return child

    @staticmethod
    def wait(what, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what} did not come within {seconds} s")
            time.sleep(0.05)

    # Using.

    def environment(self, role, port=None):
        """What a program of ours needs; through the proxy, unless it is told otherwise."""
        port = port or self.proxy_ports["db"]
        return {"PATH": os.environ["PATH"], "HOME": "/tmp",
                "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
                "TALLYMAN_DATABASE_URL": f"postgresql://{role}@127.0.0.1:{port}/tallyman"}

    def worker_environment(self, role):
        return self.environment(role) | {
            "TALLYMAN_BROKER_URL": f"amqp://{role}:{self.passwords[role]}@127.0.0.1:{self.proxy_ports['mq']}"}

    def sql(self, text, database="tallyman", timeout=60):
        """Asks the database directly; the answer's text."""
        environment = dict(os.environ, PGOPTIONS="-c search_path=tallyman -c default_transaction_read_only=off",
                           PGCONNECT_TIMEOUT="5")
        return run("psql", "--no-psqlrc", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", text,
                   f"postgresql://postgres@127.0.0.1:{self.pg_port}/{database}", env=environment, timeout=timeout)

    def proxy(self, **order):
        self.control.sendall(json.dumps(order).encode() + b"\n")
        return json.loads(self.answers.readline())

    def broker(self, *arguments):
        """rabbitmqctl."""
        return run(os.path.join(LOCAL, "rabbitmq.sh"), "ctl", self.rabbit, *arguments, timeout=60)

    def queues(self):
        """Messages per queue, ready or not yet acknowledged; None while the broker does not say."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.management}/api/queues?columns=name,messages")
        login = base64.b64encode(f"faults:{self.passwords['faults']}".encode()).decode()
        request.add_header("Authorization", "Basic " + login)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return {queue["name"]: queue.get("messages") for queue in json.load(answer)}
        except (OSError, ValueError, urllib.error.URLError):
            return None

    # Ending.

    def stop(self):
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGCONT)
                child.kill()
            child.wait()
        self.stop_servers()
        if self.mounted:
            run("umount", "--lazy", self.postgres, check=False)
        for name in ("pg", "mq", "definitions.json", "password", "webhook"):
            path = self.path(name)
            shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else (
                os.path.exists(path) and os.remove(path))

    def stop_servers(self):
        run(os.path.join(LOCAL, "rabbitmq.sh"), "stop", self.rabbit, check=False)
        run(os.path.join(LOCAL, "postgres.sh"), "kill", self.postgres, check=False)
