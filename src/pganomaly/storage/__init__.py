"""Our own database: what is remembered, who may write it, and how it stays small."""

from pganomaly.storage.detection import Checkpoint, DetectorState
from pganomaly.storage.lease import Holder, Lease
from pganomaly.storage.models import Model
from pganomaly.storage.outbox import Waiting
from pganomaly.storage.pending import Neighbours
from pganomaly.storage.photo import Header, Latest
from pganomaly.storage.queries import Known
from pganomaly.storage.store import Instance, Store
from pganomaly.storage.write import Stored, Work

__all__ = [
    "Checkpoint",
    "DetectorState",
    "Header",
    "Holder",
    "Instance",
    "Known",
    "Latest",
    "Lease",
    "Model",
    "Neighbours",
    "Store",
    "Stored",
    "Waiting",
    "Work",
]
