"""The fenced blocks of a Markdown page."""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from layout import ROOT


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its content, the words after the opening fence, and the heading above it."""

    info: str
    text: str
    section: str


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in order; `section` is the last second-level heading."""
    section, found, tokens = "", [], MarkdownIt().parse(page.read_text(encoding="utf-8"))
    for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        if token.type == "heading_open" and token.tag == "h2":
            section = following.content
        if token.type == "fence":
            found.append(Block(token.info.strip(), token.content, section))
    return found


def documents() -> list[Path]:
    """Return the documents of the site."""
    globs = ("*.md", "docs/*.md", "docs/decisions/*.md", "docs/recipes/*.md", "services/*/*.md")
    return sorted(path for glob in globs for path in ROOT.glob(glob))
