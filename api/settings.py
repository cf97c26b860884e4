"""The settings of a twin: defaults, then [settings] in plant.toml, then TWINWRIGHT_* variables, then flags."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

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
    web_host: str = Field("127.0.0.1", description="Address on which API and console serve; else this machine alone.")
    web_port: int = Field(8090, ge=0, le=65535, description="Its port; the demo takes a free one where it is taken.")
    web_names: str = Field("", description="Further host names under which API and console are reached, with commas.")
    web_certificate: Path | None = Field(None, description="TLS certificate chain (PEM); needed beyond this machine.")
    web_key: Path | None = Field(None, description="Private key of the certificate (PEM).")
    web_plain: bool = Field(False, description="Serve plain HTTP beyond this machine, behind a proxy that ends TLS.")
    web_open_sign_in: bool = Field(False, description="Let people sign in by name alone; for demonstrations here only.")
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

    @property
    def web_url(self) -> str:
        """The address of console and API as seen from this machine."""
        scheme = "http" if self.web_certificate is None else "https"
        host = "127.0.0.1" if self.web_host in ("0.0.0.0", "localhost") else self.web_host  # noqa: S104
        return f"{scheme}://{host}:{self.web_port}"

    def web_environment(self) -> dict[str, str]:
        """What the web process is told: its own settings and those that its pages show, no secrets."""
        names = [name for name in type(self).model_fields if name.startswith("web_")]
        told = {name: getattr(self, name) for name in (*names, "query_timeout_s", "query_rows")}
        return {variable_of(name): str(value) for name, value in told.items() if value is not None}

    @classmethod
    def _validated(cls, told: Mapping[str, Any], error_of: Any) -> Self:
        try:
            return cls(**told)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise error_of(f"{where}: {first['msg']}." if where else f"{first['msg']}.") from error

    @model_validator(mode="after")
    def _safe_beyond_this_machine(self) -> Self:
        if (self.web_certificate is None) != (self.web_key is None):
            raise ValueError("web_certificate and web_key belong together")
        if not is_loopback(self.web_host):
            if self.web_open_sign_in:
                raise ValueError("web_open_sign_in is for this machine alone; web_host reaches beyond it")
            if self.web_certificate is None and not self.web_plain:
                raise ValueError("beyond this machine web_certificate and web_key are needed, or web_plain and a proxy")
        return self


def is_loopback(host: str) -> bool:
    """True for addresses that only this machine reaches."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def variable_of(field: str) -> str:
    """The environment variable of a setting."""
    return _PREFIX + field.upper()
