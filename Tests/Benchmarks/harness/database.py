"""Asking PostgreSQL through psql: the benchmark needs no Python driver."""
import pathlib
import subprocess

MARK = "--end-of-answer--"


def execute(url: str, sql: str) -> None:
    """Runs SQL on a connection of its own."""
    subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", url], input=sql, text=True, check=True,
                   stdout=subprocess.DEVNULL)


def script(url: str, path: pathlib.Path | str, **variables) -> None:
    """Runs a file of SQL with psql variables."""
    words = [w for name, value in variables.items() for w in ("-v", f"{name}={value}")]
    result = subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", *words, "-f", str(path), url],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if result.returncode:
        raise RuntimeError(f"{path} failed: {result.stderr.strip()[-800:]}")


class Psql:
    """One psql that stays, so that asking often costs no connection."""

    def __init__(self, url: str):
        self.process = subprocess.Popen(["psql", "-qXAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", url],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def rows(self, sql: str) -> list[list[str]]:
        """All rows, columns as text."""
        self.process.stdin.write(f"{sql}\n;\n\\echo {MARK}\n")
        self.process.stdin.flush()
        found = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError("query failed: " + sql)
            if line.rstrip("\n") == MARK:
                return found
            found.append(line.rstrip("\n").split("\t"))

    def value(self, sql: str) -> str:
        """The first column of the first row, '' if there is none."""
        rows = self.rows(sql)
        return rows[0][0] if rows else ""

    def number(self, sql: str) -> int:
        return int(self.value(sql) or 0)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
