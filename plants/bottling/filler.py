"""The rinser-filler-capper block: what it has beyond an ordinary machine.

A start from standstill costs a slow ramp and a row of bottles. Overspeed beyond the product's rated speed raises the
rejects and pulls the fill weight out of control. The product's temperature belongs to the recipe and the HACCP plan: it
is shown and cannot be set.
"""

from __future__ import annotations

import random

from plants.bottling.conveyor import Conveyor
from plants.bottling.machine import Machine, StateListener
from plants.bottling.packml import State
from plants.bottling.parameters import (
    NOMINAL_SPEED,
    RESTART_REJECTS,
    RESTART_S,
    RESTART_SHARE,
    FillerParameters,
    MachineParameters,
)

_SAMPLE_EVERY_S = 60.0
_CONTROL_LIMIT = 3.0
_OUT_OF_CONTROL_REJECTS = 2.0
_WARM_C = 14.0
_HOT_C = 21.0
_WARMING_S = 5400.0
_COOLING_S = 300.0
_HEATING_S = 40.0
_NOISE_C = 0.01


class Filler(Machine):
    """The bottleneck of the line."""

    def __init__(
        self,
        parameters: MachineParameters,
        filler: FillerParameters,
        infeed: Conveyor,
        discharge: Conveyor,
        stream: str,
        on_state: StateListener,
    ) -> None:
        super().__init__(parameters, infeed, discharge, stream, on_state)
        self.filler = filler
        self.rated_speed = NOMINAL_SPEED
        self.temperature_c = filler.temperature_c
        self.is_fill_weight_in_control = True
        self.is_hot = False
        self.is_mis_filling = False
        """Faults: warm product, and fill weight out of control whatever the speed."""
        self._restart_until = 0.0
        self._restart_rejects = 0
        self._next_sample = 0.0
        self._good_samples = 0
        self._noise = random.Random(f"{stream}/process")

    def step_process(self, now: float, dt: float) -> None:
        """Temperature and fill weight, after the machine's own step."""
        self._step_temperature(dt)
        if now >= self._next_sample and self.state is State.EXECUTE:
            self._next_sample = now + _SAMPLE_EVERY_S
            self._sample_fill_weight()

    def _started(self, now: float) -> None:
        self._restart_until = now + RESTART_S
        self._restart_rejects = RESTART_REJECTS

    def _target_speed(self, now: float) -> float:
        target = super()._target_speed(now)
        return RESTART_SHARE * target if now < self._restart_until else target

    def _inspect(self, bottles: int) -> int:
        after_start = min(bottles, self._restart_rejects)
        self._restart_rejects -= after_start
        return after_start + self._rejects.among(bottles - after_start, self._reject_share())

    def _reject_share(self) -> float:
        share = self.parameters.reject_share * (1.0 + self._overspeed() ** 3)
        return share if self.is_fill_weight_in_control else _OUT_OF_CONTROL_REJECTS * share

    def _overspeed(self) -> float:
        """Overspeed in units of this filler's own tolerance."""
        return max(0.0, self.speed / self.rated_speed - 1.0) / self.filler.overspeed_scale

    def _sample_fill_weight(self) -> None:
        """A Shewhart chart of standardised means of five; back in control after two samples inside the limits."""
        shift = 1.2 * self._overspeed() ** 2 + (6.0 if self.is_mis_filling else 0.0)
        if abs(self._noise.gauss(shift, 1.0)) > _CONTROL_LIMIT:
            self.is_fill_weight_in_control = False
            self._good_samples = 0
            return
        self._good_samples += 1
        if self._good_samples >= 2:
            self.is_fill_weight_in_control = True

    def _step_temperature(self, dt: float) -> None:
        if self.is_hot:
            goal, time_s = _HOT_C, _HEATING_S
        elif self.state is State.EXECUTE:
            goal, time_s = self.filler.temperature_c, _COOLING_S
        else:
            goal, time_s = _WARM_C, _WARMING_S
        self.temperature_c += (goal - self.temperature_c) * dt / time_s + self._noise.gauss(0.0, _NOISE_C)
