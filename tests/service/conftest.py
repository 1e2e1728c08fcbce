"""The shop of the stories, here watched tick by tick."""

from tests.stories.conftest import plain_log, quiet_place, receiver, shop

__all__ = ["plain_log", "quiet_place", "receiver", "shop"]
