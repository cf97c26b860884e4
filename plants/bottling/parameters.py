"""The published ranges of a glass bottling line, and the hidden parameters that a seed draws from them.

The twin must not read this file: it stands for what nobody on a real site knows exactly. Ranges run from a good line to
an average line (0.5 L one-way glass, 24,000 bottles/h); a good line is drawn from the better quarter of each range, an
average line from the worse quarter.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

LineQuality = Literal["good", "average"]

#: Bottles per minute at 100 %: the rated speed of the filler.
NOMINAL_SPEED: Final = 400.0

MACHINES: Final = ("Depalletiser", "Filler", "Labeller", "Packer", "Palletiser")
CONVEYORS: Final = ("ConveyorDF", "ConveyorFL", "ConveyorLP", "ConveyorPP")


@dataclass(frozen=True, slots=True)
class Range:
    """A published range, from a good line to an average one."""

    good: float
    average: float

    def draw(self, rng: random.Random, quality: LineQuality) -> float:
        share = rng.uniform(0.0, 0.25) if quality == "good" else rng.uniform(0.75, 1.0)
        return self.good + share * (self.average - self.good)


@dataclass(frozen=True, slots=True)
class Published:
    """What is published about one machine. Reject share as a fraction, powers in kW."""

    speed_factor: float
    max_speed: float
    minor_every_min: Range
    minor_lasts_s: Range
    breakdown_every_h: Range
    breakdown_lasts_min: Range
    reject_share: float
    running_kw: tuple[float, float]
    held_kw: tuple[float, float]
    buffer_after_s: Range | None


# name: speed factor, highest speed, minor stops every min / lasting s, breakdowns every h / lasting min, reject share,
# kW running / held, buffer behind it in s
_R = Range
PUBLISHED: Final = {
    "Depalletiser": Published(
        1.30, 580.0, _R(25, 18), _R(50, 60), _R(16, 10), _R(8, 10), 0.0005, (8, 15), (3, 5), _R(150, 120)
    ),
    "Filler": Published(
        1.00, 440.0, _R(40, 25), _R(45, 60), _R(14, 9), _R(15, 18), 0.004, (25, 45), (10, 18), _R(120, 90)
    ),
    "Labeller": Published(
        1.12, 500.0, _R(15, 9), _R(45, 60), _R(8, 5), _R(10, 12), 0.002, (8, 15), (3, 5), _R(150, 120)
    ),
    "Packer": Published(
        1.22, 540.0, _R(12, 8), _R(50, 65), _R(7, 4.5), _R(9, 12), 0.001, (15, 25), (6, 10), _R(120, 90)
    ),
    "Palletiser": Published(1.33, 590.0, _R(18, 12), _R(60, 75), _R(9, 6), _R(10, 12), 0.0, (15, 25), (6, 10), None),
}

CONVEYORS_RUNNING_KW: Final = (30.0, 60.0)
CONVEYORS_HELD_KW: Final = (15.0, 30.0)

#: Standard deviation of the logarithm of every stop's duration.
DURATION_SIGMA: Final = 0.6

#: Setpoints below this share of the machine's local nominal speed are clamped to it.
MIN_SPEED: Final = 100.0

#: Filler: after a standstill it runs for so long at this share of its speed, and loses so many bottles.
RESTART_S: Final = 40.0
RESTART_SHARE: Final = 0.55
RESTART_REJECTS: Final = 30


@dataclass(frozen=True, slots=True)
class MachineParameters:
    """The hidden truth about one machine. Times in seconds of plant time, speeds in bottles per minute."""

    name: str
    speed_factor: float
    max_speed: float
    minor_interval_s: float
    """Mean running time between minor stops at NOMINAL_SPEED; the rate grows with the square of the speed."""
    minor_duration_s: float
    breakdown_interval_s: float
    breakdown_duration_s: float
    reject_share: float
    acceleration: float
    """Bottles per minute, per second."""
    restart_bottles: int
    """After starvation it waits for so many bottles; after a blockage for room for so many."""
    running_kw: float
    held_kw: float
    off_kw: float


@dataclass(frozen=True, slots=True)
class ConveyorParameters:
    """The hidden truth about one accumulating conveyor."""

    name: str
    capacity: int
    delay_s: float
    running_kw: float
    held_kw: float


@dataclass(frozen=True, slots=True)
class FillerParameters:
    """What only the filler has."""

    overspeed_scale: float
    """Relative overspeed at which the reject share has doubled; it grows with the cube."""
    temperature_c: float


@dataclass(frozen=True, slots=True)
class LineParameters:
    """The hidden truth about a line."""

    machines: tuple[MachineParameters, ...]
    conveyors: tuple[ConveyorParameters, ...]
    filler: FillerParameters


def draw_parameters(seed: int, quality: LineQuality = "good") -> LineParameters:
    """The hidden parameters of the line with this seed."""
    rng = random.Random(f"{seed}/parameters")
    machines = tuple(_draw_machine(rng, name, quality) for name in MACHINES)
    conveyors = _draw_conveyors(rng, quality)
    filler = FillerParameters(overspeed_scale=rng.uniform(0.018, 0.035), temperature_c=rng.uniform(7.0, 9.5))
    return LineParameters(machines=machines, conveyors=conveyors, filler=filler)


def _draw_machine(rng: random.Random, name: str, quality: LineQuality) -> MachineParameters:
    published = PUBLISHED[name]
    held_kw = rng.uniform(*published.held_kw)
    is_filler = name == "Filler"
    return MachineParameters(
        name=name,
        speed_factor=published.speed_factor,
        max_speed=published.max_speed,
        minor_interval_s=60.0 * published.minor_every_min.draw(rng, quality),
        minor_duration_s=published.minor_lasts_s.draw(rng, quality),
        breakdown_interval_s=3600.0 * published.breakdown_every_h.draw(rng, quality),
        breakdown_duration_s=60.0 * published.breakdown_lasts_min.draw(rng, quality),
        reject_share=published.reject_share,
        acceleration=rng.uniform(25.0, 40.0) if is_filler else rng.uniform(50.0, 90.0),
        restart_bottles=rng.randint(60, 100) if is_filler else rng.randint(25, 45),
        running_kw=rng.uniform(*published.running_kw),
        held_kw=held_kw,
        off_kw=0.3 * held_kw,
    )


def _draw_conveyors(rng: random.Random, quality: LineQuality) -> tuple[ConveyorParameters, ...]:
    running_kw, held_kw = rng.uniform(*CONVEYORS_RUNNING_KW), rng.uniform(*CONVEYORS_HELD_KW)
    buffers = [published.buffer_after_s for published in PUBLISHED.values() if published.buffer_after_s]
    seconds = [buffer.draw(rng, quality) for buffer in buffers]
    return tuple(
        ConveyorParameters(
            name=name,
            capacity=round(buffer_s * NOMINAL_SPEED / 60.0),
            delay_s=rng.uniform(10.0, 18.0),
            running_kw=running_kw * buffer_s / sum(seconds),
            held_kw=held_kw * buffer_s / sum(seconds),
        )
        for name, buffer_s in zip(CONVEYORS, seconds, strict=True)
    )
