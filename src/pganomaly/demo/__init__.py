"""
A real PostgreSQL, a shop that uses it, mischief to find, and a stage to watch it on.

The shop (shop, traffic, flows), the mischief and the judge know nothing of each other: only the stage sees all.
"""
