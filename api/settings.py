"""The settings of a twin: defaults, then [settings] in plant.toml, then TWINWRIGHT_* variables, then flags."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from kg.errors import BadValue, PlantIncomplete

_PREFIX = "TWINWRIGHT_"
Autonomy = Literal["off", "shadow", "advise", "approve", "veto-window", "autonomous"]


class Settings(BaseModel):
    """What can be set. docs/reference/settings.md lists the same; a test compares them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(Path("data"), description="Folder of journal, history, sockets and logs.")
    endpoint: str | None = Field(None, description="OPC UA address that replaces the one in the plant's model.")
    gateway_user: str = Field("gateway", description="User name with which the write gateway signs on.")
    gateway_password: SecretStr | None = Field(None, description="Its password. The demo draws one at each start.")
    user: str = Field("olga", description="Login under which the command line speaks.")
    autonomy: Autonomy = Field("shadow", description="Level to which the agents are raised after the start.")
    query_timeout_s: float = Field(10.0, gt=0, le=60, description="Time limit of a SPARQL query, in seconds.")
    query_rows: int = Field(10_000, gt=0, le=100_000, description="Row limit of a SPARQL query.")
    replica_memory_mb: int = Field(4096, ge=512, description="Address space of the replica's process, in MiB.")
    stop_within_s: float = Field(5.0, gt=0, description="Seconds that a running twin gets to end in order.")

    @classmethod
    def of(
        cls, manifest: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None, **flags: Any
    ) -> Self:
        """The settings in force. A flag that is None was not given.

        Raises PlantIncomplete for what plant.toml says wrongly, BadValue for environment and flags.
        """
        told = dict((manifest or {}).get("settings", {}))
        cls._validated(told, lambda text: PlantIncomplete(f"plant.toml, [settings]: {text}"))
        told |= cls.from_environment(os.environ if environment is None else environment)
        told |= {name: value for name, value in flags.items() if value is not None}
        return cls._validated(told, lambda text: BadValue(f"Settings: {text}"))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> dict[str, str]:
        """The values given as TWINWRIGHT_NAME, by field."""
        return {name: environment[variable_of(name)] for name in cls.model_fields if environment.get(variable_of(name))}

    @classmethod
    def _validated(cls, told: Mapping[str, Any], error_of: Any) -> Self:
        try:
            return cls(**told)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise error_of(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from error


def variable_of(field: str) -> str:
    """The environment variable of a setting."""
    return _PREFIX + field.upper()
