"""Small SVG charts: bars with ranges, and lines."""
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 760, 360, 80, 60, 50, 20
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def _text(x: float, y: float, words: str, anchor: str = "middle", size: int = 12) -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
            f'font-family="sans-serif" fill="#222">{escape(words)}</text>')


def _step(greatest: float) -> float:
    """A round distance between four to eight grid lines."""
    step = 10.0 ** -3
    while greatest / step > 8:
        for factor in (2, 2.5, 2):
            if greatest / step > 8:
                step *= factor
    return step


def _frame(title: str, unit: str, greatest: float) -> tuple[list[str], callable]:
    step = _step(greatest or 1)
    top = step * (int((greatest or 1) / step) + 1)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', _text(WIDTH / 2, 24, f"{title} ({unit})", size=16)]
    value = 0.0
    while value <= top * 1.0001:
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 8, y(value) + 4, f"{value:,.10g}", "end"))
        value = round(value + step, 6)
    return parts, y


def bars(title: str, unit: str, values: list[tuple[str, dict]]) -> str:
    """A bar per (label, spread), its range as a line."""
    values = [(label, s) for label, s in values if s]
    parts, y = _frame(title, unit, max((s["max"] for _, s in values), default=1))
    width = (WIDTH - LEFT - RIGHT) / max(1, len(values))
    for i, (label, s) in enumerate(values):
        x = LEFT + (i + 0.5) * width
        colour = COLOURS[i % 2]
        parts.append(f'<rect x="{x - width * 0.3:.1f}" y="{y(s["median"]):.1f}" width="{width * 0.6:.1f}" '
                     f'height="{y(0) - y(s["median"]):.1f}" fill="{colour}"/>')
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y(s["min"]):.1f}" y2="{y(s["max"]):.1f}" stroke="#222"/>')
        parts.append(_text(x, y(s["max"]) - 6, f"{s['median']:,.10g}"))
        parts.append(_text(x, HEIGHT - BOTTOM + 20, label))
    return "\n".join(parts + ["</svg>"]) + "\n"


def lines(title: str, unit: str, places: list[str], series: dict[str, list[float]]) -> str:
    """A line per series over the same places."""
    parts, y = _frame(title, unit, max((v for line in series.values() for v in line), default=1))
    distance = (WIDTH - LEFT - RIGHT) / max(1, len(places))
    for i, place in enumerate(places):
        parts.append(_text(LEFT + (i + 0.5) * distance, HEIGHT - BOTTOM + 20, place))
    for number, (label, line) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = [(LEFT + (i + 0.5) * distance, y(v)) for i, v in enumerate(line)]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in points]
        parts.append(f'<rect x="{LEFT + number * 165}" y="{HEIGHT - 22}" width="10" height="10" fill="{colour}"/>')
        parts.append(_text(LEFT + number * 165 + 15, HEIGHT - 12, label, "start"))
    return "\n".join(parts + ["</svg>"]) + "\n"
