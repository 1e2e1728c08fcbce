"""
What is odd in, what people read out.

in    an incident (or a confirmed drift), what its statement is called, why it is so, the reader's language
out   a Message: the first line is the whole news, server first; then why, numbers, the query, the next step
not   no clock, no channel's markup, no opinion: every number comes from the incident and its account
"""

from datetime import datetime

from pganomaly.messages import sentences, story
from pganomaly.messages.account import Account, SaysOf
from pganomaly.messages.speaker import Speaker
from pganomaly.messages.voice import FeatureOf, Subject, Voice
from pganomaly.records import Block, Incident, Message, Reason

__all__ = [
    "Account", "FeatureOf", "SaysOf", "Subject", "drift_confirmed", "opened", "resolved", "updated", "worst",
]  # fmt: skip


def opened(
    speaker: Speaker,
    *,
    subject: Subject,
    incident: Incident,
    now: datetime,
    feature: FeatureOf,
    context: tuple[Reason, ...] = (),
    account: Account | None = None,
) -> Message:
    """
    Return the news that a statement started to misbehave.

    *context* are numbers worth reading beside the reasons where no Explanation has them: calls, share of the time.
    """
    blocks = story.story(Voice(speaker, subject, incident, now, feature, account), context)
    return Message(f"{incident.incident_id}/opened", "incident.opened", incident.incident_id, blocks)


def updated(
    speaker: Speaker,
    *,
    subject: Subject,
    incident: Incident,
    now: datetime,
    feature: FeatureOf,
    context: tuple[Reason, ...] = (),
    account: Account | None = None,
) -> Message:
    """Return the opening message as it reads by now: channels that can, edit the first one."""
    message_id = f"{incident.incident_id}/updated/{now.isoformat()}"
    blocks = story.story(Voice(speaker, subject, incident, now, feature, account), context)
    return Message(message_id, "incident.updated", incident.incident_id, blocks)


def resolved(
    speaker: Speaker,
    *,
    subject: Subject,
    incident: Incident,
    now: datetime,
    feature: FeatureOf,
    account: Account | None = None,
) -> Message:
    """Return the news that a statement is calm again."""
    blocks = story.ending(Voice(speaker, subject, incident, now, feature, account))
    return Message(f"{incident.incident_id}/resolved", "incident.resolved", incident.incident_id, blocks)


def worst(speaker: Speaker, *, incident: Incident, feature: FeatureOf) -> str:
    """Return what is oddest about an incident, as a clause with its numbers; nothing where nothing can be said."""
    return story.worst(Voice(speaker, Subject("", None), incident, incident.opened_at, feature))


def drift_confirmed(speaker: Speaker, *, server: str, bad_runs: int, now: datetime) -> Message:
    """Return the news that anomalies keep coming, and that a model is trained anew because of it."""
    text = speaker.say("Server: {server}. A new model is being trained; open incidents stay open.", server=server)
    blocks = (Block("headline", sentences.drift(speaker, bad_runs=bad_runs)), Block("text", text))
    return Message(f"drift/{server}/{now.isoformat()}", "drift.confirmed", None, blocks)
