"""An accumulating conveyor: bottles travel for a while, then queue at the end until the next machine takes them."""

from __future__ import annotations

from plants.bottling.parameters import ConveyorParameters

# Level switches with hysteresis, as shares of the capacity: (switches on, switches off).
HIGH = (0.9, 0.8)
HALF = (0.5, 0.3)
LOW = (0.15, 0.2)


class Conveyor:
    """Holds whole bottles. `count` never exceeds the capacity; `ready` of them have arrived at the end."""

    __slots__ = (
        "_belt",
        "_position",
        "count",
        "is_half_full",
        "is_high",
        "is_low",
        "is_standing",
        "parameters",
        "ready",
    )

    def __init__(self, parameters: ConveyorParameters, step_s: float) -> None:
        self.parameters = parameters
        self.count = 0
        self.ready = 0
        self.is_high = False
        self.is_half_full = False
        """A switch in the middle, which only the line control uses."""
        self.is_low = True
        self.is_standing = False
        """A conveyor fault: nothing enters, moves or leaves."""
        self._belt = [0] * max(1, round(parameters.delay_s / step_s))
        self._position = 0

    @property
    def free(self) -> int:
        """Room for so many bottles."""
        return 0 if self.is_standing else self.parameters.capacity - self.count

    @property
    def available(self) -> int:
        """So many bottles can be taken now."""
        return 0 if self.is_standing else self.ready

    @property
    def fill_ratio(self) -> float:
        return self.count / self.parameters.capacity

    def put(self, bottles: int) -> None:
        """Bottles enter. The caller has looked at `free`."""
        self._belt[self._position] += bottles
        self.count += bottles

    def take(self, bottles: int) -> None:
        """Bottles leave. The caller has looked at `available`."""
        self.ready -= bottles
        self.count -= bottles

    def advance(self) -> None:
        """One step of transport; then the level switches."""
        if not self.is_standing:
            self._position = (self._position + 1) % len(self._belt)
            self.ready += self._belt[self._position]
            self._belt[self._position] = 0
        ratio = self.fill_ratio
        self.is_high = ratio >= HIGH[1] if self.is_high else ratio >= HIGH[0]
        self.is_half_full = ratio >= HALF[1] if self.is_half_full else ratio >= HALF[0]
        self.is_low = ratio <= LOW[1] if self.is_low else ratio <= LOW[0]
