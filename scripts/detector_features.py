"""A door to the package: the features that the model sees, in their order."""

from pganomaly.detectors import ALL_FEATURES

__all__ = ["ALL_FEATURES"]

if __name__ == "__main__":
    print("\n".join(ALL_FEATURES))  # noqa: T201 - one name a line
