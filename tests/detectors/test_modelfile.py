"""A model file is data: what it holds comes back exactly, and whatever could execute code is never opened."""

import gzip
import io
import json
import pickle
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import joblib  # type: ignore[import-untyped]
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pganomaly import errors
from pganomaly.detectors import ALL_FEATURES, Forest, modelfile
from pganomaly.records import KEY

ARRAYS: dict[str, modelfile.Array] = {"a": np.arange(6.0).reshape(2, 3), "keys": np.zeros(2, KEY)}
GOOD = modelfile.pack("forest", {"threshold": 0.25}, ARRAYS)


class Command:
    """Opens a pickle the way an attacker wants it opened."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (pytest.fail, ("a pickle was opened",))


def archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        for name, data in members.items():
            opened.writestr(name.replace("__", "."), data)
    return out.getvalue()


def members_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {name.replace(".", "__"): opened.read(name) for name in opened.namelist()}


def npy(values: np.ndarray[Any, Any]) -> bytes:
    out = io.BytesIO()
    np.save(out, values, allow_pickle=True)
    return out.getvalue()


def npz(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def dumped(compress: Any = 0) -> bytes:
    out = io.BytesIO()
    joblib.dump({"model": Command(), "weights": np.zeros(99)}, out, compress=compress)
    return out.getvalue()


@given(
    hnp.arrays(
        st.sampled_from(["<f8", "<f4", "<i8", "<i2", "|b1", "|u1"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    ),
    st.booleans(),
)
def test_what_went_in_comes_out(values: modelfile.Array, small: bool):
    manifest = {"says": "ответ", "numbers": [0.1, 1e-300, -3], "nothing": None}
    content = modelfile.unpack(modelfile.pack("any", manifest, {"values": values}, small=small), "any")

    back = content.arrays["values"]
    assert (back.dtype, back.shape, back.tobytes()) == (values.dtype, values.shape, values.tobytes())
    assert content.manifest.items() >= manifest.items()
    assert not back.flags.writeable


def test_keys_travel_too():
    assert modelfile.unpack(GOOD, "forest").arrays["keys"].dtype == KEY


def test_the_same_content_is_the_same_bytes():
    assert modelfile.pack("forest", {"threshold": 0.25}, ARRAYS) == GOOD


def test_objects_are_never_written():
    with pytest.raises(TypeError):
        modelfile.pack("any", {}, {"bad": np.array([Command()], dtype=object)})


@pytest.mark.parametrize(
    "data",
    [
        *(pickle.dumps(Command(), protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
        pickle.dumps({"model": 1}, 0),
        pickle.dumps(["model"], 0),
        dumped(),
        *(dumped((method, 3)) for method in ("zlib", "gzip", "bz2", "lzma", "xz")),
        gzip.compress(pickle.dumps(Command())),
        zlib.compress(pickle.dumps(Command())),
        npy(np.array([Command()], dtype=object)),
        npz(model=np.array([Command()], dtype=object)),
        archive(data__pkl=pickle.dumps(Command())),
        archive(**members_of(GOOD), model__joblib=dumped()),
        archive(**members_of(GOOD), extra__npy=npy(np.array([Command()], dtype=object))),
    ],
    ids=lambda _: "pickle",  # what is compressed holds the time, which no name of a test may
)
def test_a_pickle_is_named_and_never_opened(data: bytes):
    with pytest.raises(errors.ModelFileIsPickle, match=r"PGA|not opened"):
        modelfile.unpack(data, "forest")


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"hello", b"{}", npz(a=np.zeros(3)), archive(manifest__json=b"[]"), archive(manifest__json=b"\xff")],
    ids=lambda _: "file",
)
def test_somebody_elses_file_is_refused(data: bytes):
    with pytest.raises(errors.ModelFileForeign):
        modelfile.unpack(data, "forest")


def test_another_kind_is_refused():
    with pytest.raises(errors.ModelFileForeign, match="it holds a forest, not a baseline"):
        modelfile.unpack(GOOD, "baseline")


def test_a_format_of_the_future_is_refused():
    members = members_of(GOOD)
    manifest = {**json.loads(members["manifest__json"]), "format": 99}
    later = archive(**{**members, "manifest__json": json.dumps(manifest).encode()})

    with pytest.raises(errors.ModelFileOutdated, match="its format is 99"):
        modelfile.unpack(later, "forest")


def test_an_exchanged_array_is_noticed():
    with pytest.raises(errors.ModelFileDamaged, match="checksum"):
        modelfile.unpack(archive(**{**members_of(GOOD), "a__npy": npy(np.ones((2, 3)))}), "forest")


def test_a_header_that_asks_for_more_than_there_is_gets_nothing():
    """Believed, it would take 8 TB of memory."""
    boast = npy(np.ones((2, 3))).replace(b"(2, 3), }          ", b"(10000000, 100000)}")
    assert b"10000000" in boast

    with pytest.raises(errors.ModelFileDamaged, match="not what its header says"):
        modelfile.unpack(archive(**{**members_of(GOOD), "a__npy": boast}), "forest")


def test_an_archive_that_unpacks_without_end_gets_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(modelfile, "LARGEST_BYTES", 10_000)
    bomb = modelfile.pack("forest", {}, {"zeros": np.zeros(10_000)})

    assert len(bomb) < 1000
    with pytest.raises(errors.ModelFileForeign, match="unpack to more"):
        modelfile.unpack(bomb, "forest")


@pytest.mark.parametrize("flip", [0x01, 0x04, 0x40, 0x80, 0xFF])
def test_a_flipped_byte_is_noticed_or_harmless(flip: int):
    """Wherever it is: an error of ours, or the very same content."""
    for place in range(len(GOOD)):
        data = bytearray(GOOD)
        data[place] ^= flip
        try:
            content = modelfile.unpack(bytes(data), "forest")
        except errors.ModelFileError:
            continue
        assert content.manifest["threshold"] == 0.25
        assert all(np.array_equal(content.arrays[name], values) for name, values in ARRAYS.items())


@given(st.integers(0, len(GOOD) - 1))
def test_so_is_a_file_cut_short(length: int):
    with pytest.raises(errors.ModelFileError):
        modelfile.unpack(GOOD[:length], "forest")


def test_a_forest_of_other_features_is_outdated():
    other = modelfile.pack("forest", {"features": [*ALL_FEATURES[:-1], "num_of_something"]}, {})
    turned = modelfile.pack("forest", {"features": ALL_FEATURES[::-1]}, {})

    with pytest.raises(errors.ModelFileOutdated, match=f"{ALL_FEATURES[-1]}, num_of_something"):
        Forest.loads(other)
    with pytest.raises(errors.ModelFileOutdated, match="their order"):
        Forest.loads(turned)


def test_a_forest_without_its_arrays_is_damaged():
    content = modelfile.unpack(Forest.untrained().dumps(), "forest")
    del content.arrays["medians"]

    with pytest.raises(errors.ModelFileDamaged, match="medians"):
        Forest.loads(modelfile.pack("forest", content.manifest, content.arrays))
