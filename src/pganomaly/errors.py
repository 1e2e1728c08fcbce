"""
Every error that a user can meet: a code, the fact, the consequence, the runnable fix.

The docstring of a class is its message and the key of its translation; {names} in it are filled in from the arguments.
"""
# ruff: noqa: N818 - an error is named after what is wrong, and read as such: ExtensionMissing, LeaseLost

from typing import ClassVar


class PganomalyError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "PGA-000"
    exit_code: ClassVar[int] = 1

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.template().format(**facts))

    @classmethod
    def template(cls) -> str:
        """Return the message in English, with its {names}."""
        return " ".join((cls.__doc__ or "").split())


class ModelFileError(PganomalyError):
    """The model file cannot be used: {what}. Train anew: `pganomaly train`."""

    code = "PGA-030"


class ModelFileIsPickle(ModelFileError):
    """
    The model file holds {what}.

    Opening a pickle can execute code, so it was not opened: it is moved aside, and a new model is trained.
    To do it now: `pganomaly train`.
    """

    code = "PGA-031"


class ModelFileForeign(ModelFileError):
    """
    The model file is not a model of pganomaly: {what}.

    It was not used. Point MODEL_FILE elsewhere, or move the file away and train anew: `pganomaly train`.
    """

    code = "PGA-032"


class ModelFileOutdated(ModelFileError):
    """
    The model file was written by another version of pganomaly: {what}.

    It was not used. Train anew: `pganomaly train`.
    """

    code = "PGA-033"


class ModelFileDamaged(ModelFileError):
    """
    The model file is damaged: {what}.

    It was not used. Train anew: `pganomaly train`.
    """

    code = "PGA-034"
