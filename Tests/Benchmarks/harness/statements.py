"""What each statement costs, from pg_stat_statements."""
import re

# The benchmark's own questions, the contestants' checks among them, are left out.
QUERY = """
select round(total_exec_time::numeric, 3), calls, rows, wal_bytes, shared_blks_hit + shared_blks_read,
       regexp_replace(query, '\\s+', ' ', 'g')
from pg_stat_statements s join pg_database d on d.oid = s.dbid
where d.datname = current_database()
  and query !~* 'pg_stat|pg_sequence|last_value|^\\s*(show|select (count|sum|\\(select|coalesce\\(sum))'
order by total_exec_time desc limit 30
"""


def measured(psql, n: int) -> list[dict]:
    """The statements since the last reset, per message. An insert is several: it differs by the columns that are arrays."""
    found = {}
    for ms, calls, rows, wal, blocks, query in psql.rows(QUERY):
        name = label(query)
        key = re.sub(r"\$\d+", "?", re.sub(r"unnest\((\$\d+::\w+)\[\]\)", r"\1", query)) if "insert" in name else query
        sums = found.setdefault((name, key), [0.0, 0, 0, 0, 0])
        for index, value in enumerate((ms, calls, rows, wal, blocks)):
            sums[index] += float(value) if index == 0 else int(value)
    measured = [
        {"statement": name, "us": round(ms * 1000 / n, 2), "calls": calls, "rows": rows, "wal_bytes": round(wal / n),
         "blocks": round(blocks / n, 2)}
        for (name, _), (ms, calls, rows, wal, blocks) in found.items()]
    return sorted((s for s in measured if s["us"] >= 0.02), key=lambda s: -s["us"])


def label(query: str) -> str:
    """A short name: what it does to which table."""
    q = query.lower()
    if found := re.search(r"^(?:with .*?)?\b(insert into|update|delete from) (\S+?)[ (]", q + " "):
        return f"{found[1]} {found[2]}"
    if found := re.search(r"\bfrom (?:\w+\.)?([a-z_]+)\b(?!\()", q):
        return f"{'lock' if ' for ' in q and 'update' in q.rsplit(' for ', 1)[1] else 'select from'} {found[1]}"
    return query[:50]
