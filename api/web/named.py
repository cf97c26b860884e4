"""A node as the API shows it: its IRI, and what people call it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from api.acts import label
from kg.plantfolder import PlantFolder


class Named(BaseModel):
    """A node of the plant, with the name that people give it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"iri": "https://w3id.org/twinwright/plants/bottling#Filler", "label": "Filler"}]
        }
    )

    iri: str
    label: str


def named(plant: PlantFolder, iri: str) -> Named:
    """A node by its IRI."""
    return Named(iri=iri, label=label(plant, iri))


def named_or_none(plant: PlantFolder, iri: str | None) -> Named | None:
    """The same; None for None."""
    return None if iri is None else named(plant, iri)
