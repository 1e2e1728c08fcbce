"""A message fits, whatever is in it."""

from hypothesis import given
from hypothesis import strategies as st

from pganomaly.notify.markup import MOST_UNITS, as_html, as_plain, clean, fitted, units
from pganomaly.records import Block
from tests.notify.receiver import seen

TEXTS = st.text(alphabet=st.characters() | st.sampled_from("<>&\"'🛑\n{}"), max_size=80)
PIECES = st.builds(lambda text, times: text * times, TEXTS, st.integers(0, 200))
BLOCKS = st.lists(st.builds(Block, st.sampled_from(("text", "code")), PIECES), max_size=6)


@given(PIECES, BLOCKS, st.sampled_from((MOST_UNITS, 1000)))
def test_any_message_fits_and_reads_as_it_was_written(headline: str, others: list[Block], most: int):
    blocks = (Block("headline", headline), *others)
    kept = fitted(blocks, lambda parts: f"… {parts} more", most)
    assert units(as_plain(kept)) <= most
    assert seen(as_html(kept)) == as_plain(kept)
    whole = [Block(block.kind, clean(block.text)) for block in blocks]
    for block, original in zip(kept[1:], whole[1:], strict=False):
        assert block == original or block.text.startswith("… "), "a block is there as a whole, or not at all"


def test_what_fits_is_left_alone():
    blocks = (Block("headline", "shop"), Block("text", "a\n• b"))
    assert fitted(blocks, lambda parts: "cut") == blocks


def test_a_letter_outside_the_first_plane_counts_twice():
    assert units("a🛑") == 3
