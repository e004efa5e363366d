"""Tables and plots out of results, and the document that shows the last run."""
from . import conditions
from .paths import CHECKOUT, OUTPUT

DOCUMENT = CHECKOUT / "topology/PERFORMANCE.md"
BEGIN, END = "<!-- The last run: make bench writes this -->", "<!-- End of the last run -->"


def sections() -> list:
    from .sections import ALL
    return ALL


def markdown(results: dict) -> str:
    """Every section that has results. Sections measured together share one sentence of conditions."""
    parts, said = [], None
    for section in sections():
        if section.NAME not in results:
            continue
        r = results[section.NAME]
        parts.append(f"### {section.TITLE}")
        sentence = conditions.sentence(r["conditions"])
        form = "long form" if r["full"] else "short form"
        if sentence != said:
            parts.append(f"Measured {sentence}")
            said = sentence
        disturbed = r.get("disturbed", 0)
        note = f"; niced processes of others took {disturbed:.0%} of the machine" if disturbed >= 0.01 else ""
        parts.append(f"(`make bench{' FULL=1' if r['full'] else ''} ONLY={section.NAME}`, {form}, {r['seconds']} s{note})")
        parts.append(section.text(r["data"]))
    return "\n\n".join(parts) + "\n"


def write(results: dict) -> None:
    """Writes tables.md and the plots into the results' folder."""
    (OUTPUT / "tables.md").write_text(markdown(results))
    for name, svg in all_plots(results).items():
        (OUTPUT / f"{name}.svg").write_text(svg)


def all_plots(results: dict) -> dict:
    found = {}
    for section in sections():
        if section.NAME in results and hasattr(section, "plots"):
            found |= section.plots(results[section.NAME]["data"])
    return found


def into_document(results: dict) -> None:
    """Puts the tables between the document's marks, and plots and plans beside it."""
    text = DOCUMENT.read_text()
    head, _, rest = text.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise SystemExit(f"{DOCUMENT} lacks its marks")
    DOCUMENT.write_text(f"{head}{BEGIN}\n\n{markdown(results)}\n{END}{tail}")
    folder = DOCUMENT.parent / "performance"
    folder.mkdir(exist_ok=True)
    for name, svg in all_plots(results).items():
        (folder / f"{name}.svg").write_text(svg)
    plans = OUTPUT / "plans.md"
    if plans.exists():
        (folder / "plans.md").write_text(plans.read_text())
