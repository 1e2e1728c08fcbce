"""What evidence is asked about."""

from dataclasses import dataclass

from pganomaly.records import Key, Shape


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement that evidence is wanted about; role is who runs it, by name."""

    key: Key
    shape: Shape | None
    role: str | None = None
