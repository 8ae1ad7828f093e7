"""How busy each part of the system is over the number of replicas, both axes logarithmic."""

import math
from collections.abc import Mapping

LEFT, TOP, WIDTH, HEIGHT, LEGEND = 60, 20, 540, 320, 160
LEAST, MOST = 0.1, 100.0
COLOURS = {
    "gateway": "#1f77b4",
    "services": "#2e8b57",
    "poolers": "#ff7f0e",
    "connections": "#9467bd",
    "database": "#d62728",
}


def chart(busy: Mapping[int, Mapping[str, float]]) -> str:
    """Return an SVG; what is above the dashed line cannot keep up."""
    first, last = min(busy), max(busy)

    def point(replicas: int, share: float) -> tuple[float, float]:
        across = math.log(replicas / first) / math.log(last / first)
        up = math.log(min(max(share, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)
        return LEFT + WIDTH * across, TOP + HEIGHT * (1 - up)

    size = f'viewBox="0 0 {LEFT + WIDTH + LEGEND} {TOP + HEIGHT + 40}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} style="font: 13px sans-serif">']
    parts.append('<rect width="100%" height="100%" fill="#ffffff"/>')
    for share in (0.1, 1.0, 10.0, 100.0):
        y = point(first, share)[1]
        stroke = '#222222" stroke-dasharray="4 3' if share == 1 else "#dddddd"
        parts.append(_text(LEFT - 8, y + 4, f"{share:.0%}", anchor="end"))
        parts.append(_line([(LEFT, y), (LEFT + WIDTH, y)], stroke))
    parts += [_text(point(replicas, 1)[0], TOP + HEIGHT + 20, f"{replicas:,}", anchor="middle") for replicas in busy]
    for number, (name, colour) in enumerate(COLOURS.items()):
        parts.append(_line([point(replicas, at[name]) for replicas, at in busy.items()], f'{colour}" stroke-width="2'))
        parts.append(_text(LEFT + WIDTH + 15, TOP + 14 + number * 20, name, colour=colour))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(points: list[tuple[float, float]], stroke: str) -> str:
    places = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
    return f'<polyline points="{places}" fill="none" stroke="{stroke}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = "#222222") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'
