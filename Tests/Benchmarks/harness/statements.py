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
    """The statements since the last reset, per message."""
    found = []
    for ms, calls, rows, wal, blocks, query in psql.rows(QUERY):
        found.append({
            "statement": label(query), "us": round(float(ms) * 1000 / n, 2), "calls": int(calls), "rows": int(rows),
            "wal_bytes": round(int(wal) / n), "blocks": round(int(blocks) / n, 2)})
    return [s for s in found if s["us"] >= 0.02]


def label(query: str) -> str:
    """A short name: what it does to which table."""
    q = query.lower()
    if found := re.search(r"^(?:with .*?)?\b(insert into|update|delete from) (\S+?)[ (]", q + " "):
        return f"{found[1]} {found[2]}"
    if found := re.search(r"\bfrom (?:\w+\.)?([a-z_]+)\b(?!\()", q):
        return f"{'lock' if ' for ' in q and 'update' in q.rsplit(' for ', 1)[1] else 'select from'} {found[1]}"
    return query[:50]
