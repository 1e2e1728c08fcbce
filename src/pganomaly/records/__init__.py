"""The nouns, frozen. Each is made once, from the one before: snapshot, window, matrix, findings, incident, message."""

from pganomaly.records.account import Cause, Clue, Explanation, Factor, Likely
from pganomaly.records.activity import Activity
from pganomaly.records.evidence import Evidence
from pganomaly.records.finding import Finding, Reason
from pganomaly.records.grid import Counters, Deltas, Features, Grid
from pganomaly.records.incident import Change, ChangeKind, Incident, IncidentKind, Member
from pganomaly.records.keys import KEY, Key, KeyArray, identities, keys_of, locate
from pganomaly.records.message import Block, Message, Waiting
from pganomaly.records.outsiders import Outsiders
from pganomaly.records.reference import Reference
from pganomaly.records.scores import KINDS, Scores, Workings
from pganomaly.records.shape import Lexical, Shape
from pganomaly.records.shapes import Shapes
from pganomaly.records.snapshot import UNKNOWN_US, Epoch, Reading, Snapshot, Text, TextState
from pganomaly.records.step import Step
from pganomaly.records.window import Matrix, Quality, Window

__all__ = [
    "KEY",
    "KINDS",
    "UNKNOWN_US",
    "Activity",
    "Block",
    "Cause",
    "Change",
    "ChangeKind",
    "Clue",
    "Counters",
    "Deltas",
    "Epoch",
    "Evidence",
    "Explanation",
    "Factor",
    "Features",
    "Finding",
    "Grid",
    "Incident",
    "IncidentKind",
    "Key",
    "KeyArray",
    "Lexical",
    "Likely",
    "Matrix",
    "Member",
    "Message",
    "Outsiders",
    "Quality",
    "Reading",
    "Reason",
    "Reference",
    "Scores",
    "Shape",
    "Shapes",
    "Snapshot",
    "Step",
    "Text",
    "TextState",
    "Waiting",
    "Window",
    "Workings",
    "identities",
    "keys_of",
    "locate",
]
