"""MODEL_FILE on disk: an export of the active model, written whole or not at all."""

import os
import tempfile
from datetime import datetime
from pathlib import Path

from pganomaly import errors
from pganomaly.detectors import Forest
from pganomaly.messages import _

SET_ASIDE = _("{file} is not a model of ours and was not opened: it is {aside} now, a new one is trained.")


def path_for(file: Path, instance_id: int) -> Path:
    """Return where the model of one instance is exported to: beyond the first, NAME.<instance>."""
    return file if instance_id == 1 else file.with_name(f"{file.name}.{instance_id}")


def export(payload: bytes, file: Path) -> None:
    """Write *payload* to *file* atomically; errors.ModelFileNotWritable where that is impossible."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as draft:
            draft.write(payload)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(file)
    except OSError as error:
        raise errors.ModelFileNotWritable(file=file, said=error.strerror) from None


def set_aside(file: Path, at: datetime) -> Path | None:
    """
    Move *file* aside where it is not a model of ours, and return where it is now; None where there is nothing to move.

    A pickle of an older system is never opened: only its first bytes are looked at. errors.ModelFileNotWritable where
    it can neither be read nor moved.
    """
    try:
        if not file.is_file():
            return None
        Forest.loads(file.read_bytes())
    except errors.ModelFileError:
        aside = file.with_name(f"{file.name}.not-ours-{at:%Y%m%dT%H%M%S}")
        try:
            file.replace(aside)
        except OSError as error:
            raise errors.ModelFileNotWritable(file=file, said=error.strerror) from None
        return aside
    except OSError as error:
        raise errors.ModelFileNotWritable(file=file, said=error.strerror) from None
    return None
