"""How the forest is trained, as its users decide."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


Contamination = Annotated[Annotated[float, Field(gt=0, le=0.5)] | Literal["auto"], BeforeValidator(_lower)]
"""Share of odd windows that a forest expects; auto leaves it to the forest."""


class ModelSettings(BaseModel, frozen=True):
    """How the forest is trained; users know these as MODEL_VERSION and so on."""

    version: str = Field("baseline_v1", min_length=1, description="Name of the model; the training's number follows.")
    contamination: Contamination = Field(
        0.01, description="Share of odd windows the forest expects (0 to 0.5), or auto."
    )
    n_estimators: int = Field(200, ge=1, description="Trees in the forest.")
    min_rows: int = Field(500, ge=2, description="Rows without which no model is trained.")
    min_queryids: int = Field(10, ge=1, description="Different statements without which no model is trained.")
    max_samples_per_queryid: int = Field(50, ge=1, description="Rows that one statement contributes at most.")
    alert_quantile: float = Field(0.002, gt=0, lt=1, description="Quantile of the training scores below which is odd.")
