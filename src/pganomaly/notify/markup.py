"""A message as Telegram's HTML: every field escaped, cut between blocks, never inside a tag."""

from collections.abc import Callable
from html import escape

from pganomaly.records import Block

MOST_UNITS = 4000
"""Telegram takes 4,096 UTF-16 code units after it has read the markup; a little less, should it count otherwise."""

_CONTROL = {code: None for code in range(32) if chr(code) not in "\n\t"} | {127: None}


def units(text: str) -> int:
    """Return the length of *text* as Telegram counts it."""
    return len(text.encode("utf-16-le", "replace")) // 2


def clean(text: str) -> str:
    """Return *text* without what no JSON reader or chat takes: control characters, halves of surrogate pairs."""
    return text.translate(_CONTROL).encode("utf-8", "replace").decode("utf-8")


def fitted(blocks: tuple[Block, ...], left_out: Callable[[int], str], most: int = MOST_UNITS) -> tuple[Block, ...]:
    """
    Return as many whole blocks as fit, with a note of how many are left out.

    The headline always stays; a headline longer than everything that fits is cut.
    """
    whole = tuple(Block(block.kind, clean(block.text)) for block in blocks)
    if _total(whole) <= most:
        return whole
    for kept in range(len(whole) - 1, 0, -1):
        short = (*whole[:kept], Block("text", left_out(len(whole) - kept)))
        if _total(short) <= most:
            return short
    note = (Block("text", left_out(len(whole) - 1)),) if len(whole) > 1 else ()
    room = most - _total(note) - 8
    return (Block("headline", _cut(whole[0].text, room)), *note)


def as_html(blocks: tuple[Block, ...]) -> str:
    """Return the blocks with markup."""
    tags = {"headline": ("<b>", "</b>"), "text": ("", ""), "code": ("<pre>", "</pre>")}
    return "\n\n".join(f"{tags[b.kind][0]}{escape(b.text, quote=False)}{tags[b.kind][1]}" for b in blocks)


def as_plain(blocks: tuple[Block, ...]) -> str:
    """Return the same text without markup."""
    return "\n\n".join(block.text for block in blocks)


def _total(blocks: tuple[Block, ...]) -> int:
    return units(as_plain(blocks))


def _cut(text: str, most: int) -> str:
    """Return the beginning of *text*, with … for the rest."""
    kept = text
    while units(kept) > most - 1:
        kept = kept[: len(kept) - max(1, (units(kept) - most) // 2)]
    return f"{kept.rstrip()}…"
