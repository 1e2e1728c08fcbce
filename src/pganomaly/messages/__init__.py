"""
Every sentence that people read, in English and Russian. The English sentence is the key of its translation.

A sentence is written where it is said, `speaker.say("{server}: answers again", server=name)`, or, where it waits in a
table until somebody says it, marked: `_("{server}: answers again")`. `python tools/messages.py` collects them all.
"""

from pganomaly.messages.marker import marked as _
from pganomaly.messages.speaker import LANGUAGES, Speaker, language_of, speaker

__all__ = ["LANGUAGES", "Speaker", "_", "language_of", "speaker"]
