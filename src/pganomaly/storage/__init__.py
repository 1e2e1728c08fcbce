"""Our own database: what is remembered, who may write it, and how it stays small."""

from pganomaly.storage.detection import Checkpoint, DetectorState
from pganomaly.storage.forecast import forecast
from pganomaly.storage.lease import Holder, Lease
from pganomaly.storage.looking import Ran, Statement
from pganomaly.storage.models import Model
from pganomaly.storage.pending import Neighbours
from pganomaly.storage.photo import Header, Latest
from pganomaly.storage.queries import Known
from pganomaly.storage.read import Backlog
from pganomaly.storage.snapshots import Stored
from pganomaly.storage.store import Instance, Store
from pganomaly.storage.upkeep import Retention, Upkeep
from pganomaly.storage.write import Work

__all__ = [
    "Backlog",
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
    "Ran",
    "Retention",
    "Statement",
    "Store",
    "Stored",
    "Upkeep",
    "Work",
    "forecast",
]
