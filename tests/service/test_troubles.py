"""Our own trouble is told once when it has lasted, and once when it is over."""

from pganomaly.messages.trouble import Trouble
from pganomaly.service.troubles import Troubles
from tests.builders import at

UNREACHABLE = Trouble.SERVER_UNREACHABLE


def test_a_short_trouble_is_not_news():
    troubles = Troubles({UNREACHABLE: 30.0}).seen(UNREACHABLE, "refused", at(0))

    troubles, news = troubles.due(at(10))
    assert news == ()

    troubles, end = troubles.over(UNREACHABLE, at(20))
    assert end is None
    assert troubles.open == {}


def test_a_lasting_trouble_is_told_once_and_its_end_once():
    troubles = Troubles({UNREACHABLE: 30.0}).seen(UNREACHABLE, "refused", at(0))
    troubles = troubles.seen(UNREACHABLE, "timed out", at(40))

    troubles, first = troubles.due(at(40))
    troubles, again = troubles.due(at(50))
    troubles, end = troubles.over(UNREACHABLE, at(60))

    assert [(n.trouble.reason, n.trouble.since, n.over) for n in first] == [("timed out", at(0), False)]
    assert again == ()
    assert end is not None
    assert (end.over, end.trouble.since, end.at) == (True, at(0), at(60))
