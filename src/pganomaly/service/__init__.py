"""Keeps servers watched: one thread a server, one tick an interval, and whatever happens, the next tick."""
