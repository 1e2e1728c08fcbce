"""
What a detector knows, as bytes: numpy arrays and one JSON manifest in a ZIP. Nothing in it can execute anything.

in    a kind ("forest", "baseline"), a manifest, named arrays
out   bytes, the same for the same content; and back, every byte checked before it is believed
not   no disk: whoever calls writes the bytes atomically, and moves aside what turns out to be a pickle
"""

import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly import errors

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_BYTES = 1 << 30
"""No honest file unpacks to more: 50,000 statements at 1 kB are a twentieth of it."""

Arrays = dict[str, NDArray[Any]]

_DEFLATE_FAST = 1
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x5d\x00\x00": "lzma", b"\x04\x22\x4d\x18": "lz4"}
_ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_BINARY_PICKLE = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
_TEXT_PICKLE = (b"(lp", b"(dp", b"(ip", b"(tp", b"ccopy_reg", b"c__builtin__", b"cnumpy", b"csklearn", b"(i", b"ZF")
_NPY = b"\x93NUMPY"


class Content(NamedTuple):
    """What a file holds."""

    manifest: dict[str, Any]
    arrays: Arrays


def pack(kind: str, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return *manifest* (anything that JSON can say) and *arrays* as the bytes of one file."""
    held = {name: np.ascontiguousarray(values).reshape(values.shape) for name, values in arrays.items()}
    head = {**manifest, "format": FORMAT, "kind": kind, "sha256": _digest(held)}
    members = {MANIFEST: json.dumps(head, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1).encode()}
    members |= {f"{name}.npy": _dump(values) for name, values in held.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_DEFLATE_FAST) as archive:
        for name, data in members.items():
            # A ZipInfo of its own bears the date 1980-01-01: the same content gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, _DEFLATE_FAST)
    return out.getvalue()


def unpack(data: bytes, kind: str) -> Content:
    """Return what pack() was given; an errors.ModelFileError where *data* is not the bytes of a *kind* of ours."""
    _refuse_pickle(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(archive)
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        if not data.startswith(b"PK"):
            raise errors.ModelFileForeign(what="not an archive of arrays") from error
        raise errors.ModelFileDamaged(what=str(error)) from error
    # Pickled members come first: an archive that holds one is named for it, whoever wrote the rest.
    arrays = {name.removesuffix(".npy"): _load(raw) for name, raw in members.items() if name.endswith(".npy")}
    manifest = _manifest(members, kind)
    if manifest["sha256"] != _digest(arrays):
        raise errors.ModelFileDamaged(what="its arrays do not match its checksum")
    return Content(manifest, arrays)


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    infos = archive.infolist()
    for info in infos:
        if info.filename.endswith((".pkl", ".pickle", ".joblib")):
            raise errors.ModelFileIsPickle(what=f"an archive with the pickle {info.filename}")
    if sum(info.file_size for info in infos) > LARGEST_BYTES:
        raise errors.ModelFileForeign(what="it would unpack to more than 1 GB")
    return {info.filename: archive.read(info) for info in infos}


def _manifest(members: Mapping[str, bytes], kind: str) -> dict[str, Any]:
    try:
        manifest = json.loads(members[MANIFEST])
        found, written_as = manifest["kind"], manifest["format"]
        manifest["sha256"]
    except (KeyError, TypeError, ValueError) as error:
        raise errors.ModelFileForeign(what=f"it has no readable {MANIFEST}") from error
    if written_as != FORMAT:
        raise errors.ModelFileOutdated(what=f"format {written_as}, and this version reads format {FORMAT}")
    if found != kind:
        raise errors.ModelFileForeign(what=f"it holds a {found}, not a {kind}")
    return dict(manifest)


def _dump(values: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, values, version=(1, 0), allow_pickle=False)
    return out.getvalue()


def _load(raw: bytes) -> NDArray[Any]:
    stream = io.BytesIO(raw)
    try:
        version = np.lib.format.read_magic(stream)
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    except ValueError as error:
        raise errors.ModelFileDamaged(what=str(error).splitlines()[0]) from error
    if dtype.hasobject:
        raise errors.ModelFileIsPickle(what="an archive of arrays of pickled objects")
    body = raw[stream.tell() :]
    # The header alone is not believed: it could ask for more memory than there is.
    if version != (1, 0) or fortran_order or math.prod(shape) * dtype.itemsize != len(body):
        raise errors.ModelFileDamaged(what="an array is not what its header says")
    values: NDArray[Any] = np.frombuffer(body, dtype).reshape(shape)
    return values


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    told = sha256()
    for name in sorted(arrays):
        values = arrays[name]
        told.update(f"{name} {values.dtype.descr} {values.shape}\n".encode())
        told.update(values.tobytes())
    return told.hexdigest()


def _refuse_pickle(data: bytes) -> None:
    if data.startswith(_BINARY_PICKLE):
        raise errors.ModelFileIsPickle(what="a pickle, as joblib and older systems write them")
    if data.startswith(_TEXT_PICKLE) and not data.startswith(b"PK"):
        raise errors.ModelFileIsPickle(what="a pickle of an old protocol")
    for magic, packer in _PACKED.items():
        if data.startswith(magic):
            raise errors.ModelFileIsPickle(what=f"a {packer} archive, as joblib packs pickles")
    if data.startswith(_ZLIB_HEADERS):
        raise errors.ModelFileIsPickle(what="a zlib archive, as joblib packs pickles")
    if data.startswith(_NPY):
        _load(data)
