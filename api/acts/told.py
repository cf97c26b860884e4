"""What became of an act that two parts are told of, each whether or not the other answers: gateway and core."""

from __future__ import annotations

from dataclasses import dataclass, field

from kg.change import Verdict
from kg.errors import CallerError, TwinError
from kg.tokens import CORE, GATEWAY


@dataclass(slots=True)
class Told:
    """Which part heard, and why another did not. A caller's error is nobody's failure to hear: it is raised."""

    problems: dict[str, TwinError] = field(default_factory=dict)
    verdict: Verdict | None = None
    """The core's; None where it did not answer."""

    def failed(self, part: str, error: TwinError) -> None:
        """Note that a part did not take it. Raises the error where the caller is at fault."""
        if isinstance(error, CallerError):
            raise error
        self.problems[part] = error

    @property
    def heard(self) -> dict[str, bool]:
        """By part."""
        return {part: part not in self.problems for part in (GATEWAY, CORE)}

    @property
    def is_recorded(self) -> bool:
        return self.verdict is not None and self.verdict.admitted

    @property
    def is_complete(self) -> bool:
        """True where both took it."""
        return not self.problems and self.is_recorded

    @property
    def is_lost(self) -> bool:
        """True where neither took it: nothing holds."""
        return GATEWAY in self.problems and not self.is_recorded

    @property
    def seq(self) -> int | None:
        """Of the Change on record; None where there is none."""
        return self.verdict.seq if self.verdict is not None and self.verdict.admitted else None

    @property
    def refusals(self) -> list[str]:
        """Why the core did not put it on record."""
        return [] if self.verdict is None or self.verdict.admitted else [r.sentence for r in self.verdict.reasons]
