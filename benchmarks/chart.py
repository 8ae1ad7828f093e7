"""The ratios of a run as a picture: one bar each, drawn so that reaching the target means reaching the line."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from targets import Ratio

ROW = 26
TITLES_WIDTH = 620
BAR_WIDTH = 300  # of a bar that reaches its target exactly
MOST = 1.6  # longer bars are cut


def chart(ratios: Sequence[Ratio]) -> str:
    """Return an SVG that is readable on light and on dark pages."""
    width, height = TITLES_WIDTH + round(BAR_WIDTH * MOST) + 90, ROW * (len(ratios) + 2)
    line = TITLES_WIDTH + BAR_WIDTH
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" style="font: 13px sans-serif">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{line}" y="{ROW * 0.7:.0f}" text-anchor="middle" fill="#444444">target</text>',
        *[_bar(position, ratio) for position, ratio in enumerate(ratios, start=1)],
        f'<line x1="{line}" x2="{line}" y1="{ROW}" y2="{height - ROW}" stroke="#222222" stroke-dasharray="4 3"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bar(position: int, ratio: Ratio) -> str:
    share = ratio.value / ratio.target if ratio.at_least else ratio.target / ratio.value
    length = BAR_WIDTH * min(share, MOST)
    top = position * ROW
    colour = "#2e8b57" if ratio.reached else "#c0392b"
    sign = "≥" if ratio.at_least else "≤"
    title = escape(ratio.title.replace("`", ""))
    return (
        f'<text x="{TITLES_WIDTH - 10}" y="{top + 17}" text-anchor="end" fill="#222222">{title}</text>'
        f'<rect x="{TITLES_WIDTH}" y="{top + 4}" width="{length:.0f}" height="{ROW - 8}" fill="{colour}"/>'
        f'<text x="{TITLES_WIDTH + length + 6:.0f}" y="{top + 17}" fill="#222222">'
        f"{ratio.value:.2f} ({sign} {ratio.target:g})</text>"
    )
