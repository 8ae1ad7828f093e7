"""The pages that each statement looks at over the number of rows, both axes logarithmic."""

import math
from collections.abc import Mapping

from plans import Cost

LEFT, TOP, WIDTH, HEIGHT, LEGEND = 60, 20, 540, 320, 300
MOST = 1_000
COLOURS = ("#2e8b57", "#1f77b4", "#ff7f0e", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22", "#7f7f7f", "#d62728")


def chart(costs: Mapping[int, Mapping[str, Cost]]) -> str:
    """Return an SVG; what grew in proportion to the rows would be parallel to the dashed line."""
    first, last = min(costs), max(costs)

    def point(size: int, pages: float) -> str:
        across = math.log(size / first) / math.log(last / first)
        return f"{LEFT + WIDTH * across:.0f},{TOP + HEIGHT * (1 - math.log(pages) / math.log(MOST)):.0f}"

    size = f'viewBox="0 0 {LEFT + WIDTH + LEGEND} {TOP + HEIGHT + 40}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} style="font: 13px sans-serif">']
    parts.append('<rect width="100%" height="100%" fill="#ffffff"/>')
    for pages in (1, 10, 100, MOST):
        x, y = point(first, pages).split(",")
        parts.append(_text(LEFT - 8, int(y) + 4, f"{pages:,}", anchor="end"))
        parts.append(_line(f"{x},{y} {point(last, pages)}", "#dddddd"))
    for rows in costs:
        across = int(point(rows, 1).partition(",")[0])
        parts.append(_text(across, TOP + HEIGHT + 20, f"{rows:,} rows", anchor="middle"))
    parts.append(_line(f"{point(first, 1)} {point(min(last, first * MOST), MOST)}", '#222222" stroke-dasharray="4 3'))
    parts.append(_text(LEFT + WIDTH + 15, TOP + 4, "dashed: in proportion to the rows"))
    for number, (name, colour) in enumerate(zip(costs[last], COLOURS, strict=True), start=1):
        measured = " ".join(point(rows, at[name].pages) for rows, at in costs.items() if name in at)
        parts.append(_line(measured, f'{colour}" stroke-width="2'))
        parts.append(_text(LEFT + WIDTH + 15, TOP + 4 + number * 20, name, colour=colour))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(points: str, stroke: str) -> str:
    return f'<polyline points="{points}" fill="none" stroke="{stroke}"/>'


def _text(x: int, y: int, text: str, *, anchor: str = "start", colour: str = "#222222") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{text}</text>'
