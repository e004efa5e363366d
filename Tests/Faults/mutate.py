#!/usr/bin/env python3
"""Proves that the oracle can fail: every patch of mutations/ is applied to a scratch copy, which is built and run.

    mutate.py [NAME …]      all, or only these; from the environment: WORK, a folder that is kept between mutations

A patch begins with lines `# key: value`: `what` is sabotaged, which promise that `shows` (or which of some, separated
by semicolons), the `seed`, and more of the environment of the short fault run that catches it. The table that this prints is kept in topology/FAULTS.md. Nothing is ever applied to the checkout.
Exit code 0: each mutation was caught by the oracle; 1: one was not, or could not be applied or built.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.abspath(os.environ.get("WORK") or os.path.join(CHECKOUT, ".build", "mutations"))
SOURCE, BUILD = os.path.join(WORK, "source"), os.path.join(WORK, "build")
PROGRAMS = ("tallyman", "inventory-worker", "allocation-worker", "notification-worker", "outbox-relay")
# Small and quick: what a mutation breaks shows within seconds.
SHORT = {"DURATION": "14", "RATE": "1500", "BACKLOG": "4000", "SETTLE": "75"}


class Failure(Exception):
    """The mutation could not be tried."""


def run(*command, log=None, **options):
    out = open(log, "w", encoding="utf-8") if log else subprocess.PIPE
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)


def refresh():
    """Brings the scratch copy up to the checkout; what did not change keeps its time, and is not built again."""
    os.makedirs(SOURCE, exist_ok=True)
    names = subprocess.run(("git", "-C", CHECKOUT, "ls-files", "-z"), capture_output=True, text=True,
                           check=True).stdout.split("\0")
    wanted = {name for name in names if name and os.path.isfile(os.path.join(CHECKOUT, name))}
    for name in wanted:
        source, target = os.path.join(CHECKOUT, name), os.path.join(SOURCE, name)
        if not os.path.exists(target) or read(source) != read(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(source, target)
    for folder, _, files in os.walk(os.path.join(SOURCE, "Sources")):
        for file in files:
            path = os.path.join(folder, file)
            if os.path.relpath(path, SOURCE) not in wanted:
                os.remove(path)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def head(patch):
    """The `# key: value` lines of a patch."""
    with open(patch, encoding="utf-8") as file:
        return dict(re.findall(r"^# (\w+): (.*)$", file.read(), re.MULTILINE))


def build():
    for program in PROGRAMS:
        result = run("swift", "build", "--package-path", SOURCE, "--scratch-path", BUILD, "--product", program)
        if result.returncode:
            errors = [line for line in result.stdout.splitlines() if "error:" in line]
            raise Failure("does not build: " + (errors or ["?"])[0][-160:])


def attempt(patch, settings):
    """Applies, builds, runs; says which promise it broke, how often, how it was told, and how long it took."""
    result = run("patch", "--strip=1", "--forward", "--directory", SOURCE, "--input", patch)
    if result.returncode:
        raise Failure("does not apply: " + result.stdout.strip().splitlines()[-1])
    build()
    began = time.monotonic()
    name = os.path.basename(patch).removesuffix(".patch")
    log = os.path.join(WORK, name + ".log")
    given = {key.upper(): value for key, value in settings.items() if key not in ("what", "shows")}
    environment = os.environ | SHORT | given | {
        "BUILD": os.path.join(BUILD, "debug"), "RESULTS": os.path.join(WORK, "results")}
    run(sys.executable, os.path.join(HERE, "run.py"), log=log, env=environment)
    shutil.rmtree(os.path.join(WORK, "results"), ignore_errors=True)
    return violation(log, settings["shows"].split("; ")), time.monotonic() - began


def violation(log, promises):
    """What the verdict says of the first of these promises that it found broken; None if it found none of them."""
    with open(log, encoding="utf-8") as file:
        text = file.read()
    for promise in promises:
        found = re.search(rf"^  {re.escape(promise)}: (\d+ violations)\n    (.*)$", text, re.MULTILINE)
        if found:
            return f"{promise} ({found.group(1)}): {found.group(2)}"
    return None


def main(names):
    patches = sorted(glob.glob(os.path.join(HERE, "mutations", "*.patch")))
    if names:
        patches = [patch for patch in patches if os.path.basename(patch).removesuffix(".patch") in names]
    missed = 0
    print("| Mutation | What is sabotaged | Promise found broken, and the first case | Seed | Seconds |\n|---|---|---|---|---|", flush=True)
    for patch in patches:
        settings = head(patch)
        refresh()
        try:
            found, took = attempt(patch, settings)
        except Failure as failure:
            found, took = None, 0
            settings["what"] += f" ({failure})"
        missed += found is None
        name = os.path.basename(patch).removesuffix(".patch")
        text = (found or "NOT CAUGHT").replace("|", "/")[:260]
        print(f"| {name} | {settings['what']} | {text} | {settings['seed']} | {took:.0f} |", flush=True)
    refresh()
    return 1 if missed or not patches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
