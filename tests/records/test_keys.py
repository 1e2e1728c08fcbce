"""Statements found again among others, whatever their order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pganomaly.records import Key, identities, keys_of, locate

keys = st.builds(Key, st.integers(0, 3), st.integers(0, 2**32 - 1), st.integers(-(2**63), 2**63 - 1), st.booleans())
distinct = st.lists(keys, unique=True, max_size=40)


@given(distinct, distinct)
def test_every_key_is_found_where_it_is_and_nowhere_else(wanted, among):
    place = locate(keys_of(wanted), keys_of(among))

    assert [among.index(k) if k in among else -1 for k in wanted] == place.tolist()


@given(distinct)
def test_the_same_list_is_found_in_its_own_order(some):
    assert locate(keys_of(some), keys_of(some)).tolist() == list(range(len(some)))


@given(distinct, st.randoms(use_true_random=False))
def test_order_does_not_matter(some, chance):
    shuffled = chance.sample(some, len(some))
    place = locate(keys_of(some), keys_of(shuffled))
    assert [shuffled[i] for i in place] == some


def test_entries_that_differ_in_toplevel_alone_are_different():
    one, other = Key(5, 10, 42, True), Key(5, 10, 42, False)
    assert locate(keys_of([one]), keys_of([other])).tolist() == [-1]
    assert len(np.unique(identities(keys_of([one, other])))) == 2
