#!/usr/bin/env python3
"""Tallyman's benchmark: the released programs against a C reference, on a PostgreSQL and RabbitMQ of its own.

  bench.py                      every section, short form
  bench.py --only latency,cost  some sections
  bench.py --full               the long form
  bench.py --list               what sections there are
  bench.py --document           put the last results into topology/PERFORMANCE.md

Needs what `make test` needs, a C compiler and programs built with `swift build -c release`. Results go to .build/bench:
results.json, tables.md and plots. Sections run one by one keep what the others left there.
"""
import argparse
import signal
import sys

from harness import bench, paths, report
from harness.sections import ALL, BY_DEFAULT


def chosen(names: str | None) -> list:
    if not names:
        return BY_DEFAULT
    known = {section.NAME: section for section in ALL}
    unknown = [n for n in names.split(",") if n not in known]
    if unknown:
        raise SystemExit(f"no such section: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[n] for n in names.split(",")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="SECTIONS")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--document", action="store_true")
    options = parser.parse_args()
    if options.list:
        for section in ALL:
            print(f"{section.NAME:<12} {section.TITLE}")
        return 0
    if options.document:
        report.into_document(bench.load_results())
        return 0
    sections = chosen(options.only)
    # The end comes as an exception, so that the servers are stopped and removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        paths.require_release()
        paths.build_tools()
        return 0 if bench.run(sections, options.full) else 1
    except paths.Missing as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; servers stopped and removed", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
