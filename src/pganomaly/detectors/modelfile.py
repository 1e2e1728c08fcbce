"""
What a detector knows, as bytes: numpy arrays and one JSON manifest in a ZIP. Nothing in it can execute anything.

in    a kind ("forest", "baseline"), a manifest, named arrays
out   bytes, the same for the same content; and back, every byte checked before it is believed
not   no disk: whoever calls writes the bytes atomically, and moves aside what turns out to be a pickle
"""

import io
import json
import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly import errors

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_BYTES = 1 << 30
"""No honest file unpacks to more: 100,000 statements at 1 kB are a tenth of it."""

Array = NDArray[Any]

_NPY_MAGIC = b"\x93NUMPY"
_NOT_A_ZIP = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    EOFError, OSError, OverflowError, RuntimeError, ValueError,
)  # fmt: skip
"""What zipfile raises, depending on which byte is wrong."""
_PICKLED_SUFFIXES = (".pkl", ".pickle", ".joblib")
_PICKLES = {
    **{bytes((0x80, protocol)): "a pickle, as joblib and older systems write them" for protocol in range(2, 6)},
    **dict.fromkeys((b"(lp", b"(dp", b"(ip", b"(tp", b"(c", b"c__builtin__", b"ccopy_reg", b"cnumpy", b"csklearn",
                     b"cjoblib"), "a pickle of an old protocol"),
    **dict.fromkeys((b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"), "a zlib archive, as joblib packs pickles"),
    b"\x1f\x8b": "a gzip archive, as joblib packs pickles",
    b"BZh": "a bzip2 archive, as joblib packs pickles",
    b"\xfd7zXZ": "an xz archive, as joblib packs pickles",
    b"\x5d\x00\x00": "an lzma archive, as joblib packs pickles",
    b"\x04\x22\x4d\x18": "an lz4 archive, as joblib packs pickles",
}  # fmt: skip


class Content(NamedTuple):
    """What a file holds. The arrays are read-only."""

    manifest: dict[str, Any]
    arrays: dict[str, Array]


def pack(kind: str, manifest: Mapping[str, Any], arrays: Mapping[str, Array], *, small: bool = True) -> bytes:
    """Return *manifest* (what JSON can say) and *arrays* as the bytes of one file; not *small* is faster to write."""
    held = {name: np.asarray(values, order="C") for name, values in arrays.items()}
    head = {**manifest, "format": FORMAT, "kind": kind, "sha256": _digest(held)}
    out = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if small else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method, compresslevel=1) as archive:
        with _member(archive, MANIFEST) as stream:
            stream.write(json.dumps(head, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1).encode())
        for name, values in held.items():
            with _member(archive, f"{name}.npy") as stream:
                np.lib.format.write_array(stream, values, version=(1, 0), allow_pickle=False)
    return out.getvalue()


def unpack(data: bytes, kind: str) -> Content:
    """Return what pack() was given; an errors.ModelFileError where *data* is not the bytes of a *kind* of ours."""
    _refuse_pickles(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(archive)
    except _NOT_A_ZIP as error:
        if data.startswith(b"PK"):
            raise errors.ModelFileDamaged(what=str(error)) from error
        raise errors.ModelFileForeign(what="it is no archive of arrays") from error
    # Arrays before the manifest: an archive that holds a pickle is called so, whatever else it says of itself.
    arrays = {name.removesuffix(".npy"): _array(raw) for name, raw in members.items() if name.endswith(".npy")}
    manifest = _manifest(members, kind)
    if manifest["sha256"] != _digest(arrays):
        raise errors.ModelFileDamaged(what="its arrays do not match their checksum")
    return Content(manifest, arrays)


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    info = zipfile.ZipInfo(name)  # made here, it bears the date 1980-01-01: the same content gives the same bytes
    info.compress_type = archive.compression
    return archive.open(info, "w")


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    infos = archive.infolist()
    for info in infos:
        if info.filename.endswith(_PICKLED_SUFFIXES):
            raise errors.ModelFileIsPickle(what=f"an archive with the pickle {info.filename}")
    if sum(info.file_size for info in infos) > LARGEST_BYTES:
        raise errors.ModelFileForeign(what=f"it would unpack to more than {LARGEST_BYTES:,} bytes")
    return {info.filename: archive.read(info) for info in infos}


def _manifest(members: Mapping[str, bytes], kind: str) -> dict[str, Any]:
    try:
        manifest = dict(json.loads(members[MANIFEST]))
        found, written_as = manifest["kind"], manifest["format"]
        manifest["sha256"]
    except (KeyError, TypeError, ValueError) as error:
        raise errors.ModelFileForeign(what=f"it has no {MANIFEST} of ours") from error
    if written_as != FORMAT:
        raise errors.ModelFileOutdated(what=f"its format is {written_as}, this version reads format {FORMAT}")
    if found != kind:
        raise errors.ModelFileForeign(what=f"it holds a {found}, not a {kind}")
    return manifest


def _array(raw: bytes) -> Array:
    stream = io.BytesIO(raw)
    try:
        version = np.lib.format.read_magic(stream)
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    except (ValueError, SyntaxError) as error:
        raise errors.ModelFileDamaged(what="an array has no readable header") from error
    if dtype.hasobject:
        raise errors.ModelFileIsPickle(what="arrays of pickled objects")
    # The header is not believed: it could ask for more memory than there is.
    if version != (1, 0) or fortran_order or math.prod(shape) * dtype.itemsize != len(raw) - stream.tell():
        raise errors.ModelFileDamaged(what="an array is not what its header says")
    values: Array = np.frombuffer(raw, dtype, offset=stream.tell()).reshape(shape)
    return values


def _digest(arrays: Mapping[str, Array]) -> str:
    told = sha256()
    for name in sorted(arrays):
        values = arrays[name]
        told.update(f"{name} {values.dtype.descr} {values.shape}\n".encode())
        told.update(values.reshape(-1).view(np.uint8).data)
    return told.hexdigest()


def _refuse_pickles(data: bytes) -> None:
    for magic, what in _PICKLES.items():
        if data.startswith(magic):
            raise errors.ModelFileIsPickle(what=what)
    if data.startswith(_NPY_MAGIC):
        _array(data)
