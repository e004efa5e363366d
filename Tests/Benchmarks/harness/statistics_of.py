"""Medians and ranges."""
import statistics


def spread(values) -> dict | None:
    """Median, least and greatest of what is not None."""
    known = [v for v in values if v is not None]
    if not known:
        return None
    return {"median": statistics.median(known), "min": min(known), "max": max(known)}


def shown(values, form: str = "{:,.0f}") -> str:
    """`median (least–greatest)`, or the one value."""
    s = spread(values)
    if not s:
        return "–"
    if s["min"] == s["max"]:
        return form.format(s["median"])
    return f"{form.format(s['median'])} ({form.format(s['min'])}–{form.format(s['max'])})"


def ratio(values, others) -> str:
    """Median over median."""
    a, b = spread(values), spread(others)
    return f"{a['median'] / b['median']:.2f}" if a and b and b["median"] else "–"


def table(head: list[str], rows: list[list]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])
