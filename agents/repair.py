"""How long a standing machine is expected to stand still yet.

Durations of a reason are taken as lognormal with sigma 0.6 and mean exp(mu + sigma^2 / 2). With n stops of this run,
of durations d, and a prior that counts as much as three stops,

    mu = (3 * mu0 + sum(ln d)) / (3 + n)

After t seconds the expected rest is the mean residual life

    E[D - t | D > t] = exp(mu + sigma^2/2) * Phi(sigma - z) / Phi(-z)  -  t,    z = (ln t - mu) / sigma

Source: Klein & Moeschberger, Survival Analysis, 2.4 (mean residual life of the lognormal).
"""

from __future__ import annotations

import math
from typing import Final

from agents.reasons import StopReason

SIGMA: Final = 0.6
PRIOR_WEIGHT: Final = 3.0
#: Mean duration, s, where nothing is known yet (middle of the published ranges of a bottling line).
PRIOR_MEAN_S: Final = {
    StopReason.JAM: 55.0,
    StopReason.BREAKDOWN: 660.0,
    StopReason.CHANGEOVER: 1200.0,
    StopReason.BREAK: 900.0,
    StopReason.OPERATOR: 300.0,
}


class Repairs:
    """What this run has learnt of stops: durations by machine and reason."""

    def __init__(self) -> None:
        self._logs: dict[tuple[str, StopReason], list[float]] = {}

    def learn(self, machine: str, reason: StopReason, duration_s: float) -> None:
        """Take note of a stop that is over."""
        if reason in PRIOR_MEAN_S and duration_s >= 1.0:
            self._logs.setdefault((machine, reason), []).append(math.log(duration_s))

    def remaining_s(self, machine: str, reason: StopReason, stopped_s: float) -> float | None:
        """Expected further seconds of a stop; None for reasons that lie elsewhere (starved, blocked, no order)."""
        prior = PRIOR_MEAN_S.get(reason)
        if prior is None:
            return None
        logs = self._logs.get((machine, reason), [])
        prior_mu = math.log(prior) - SIGMA**2 / 2
        mu = (PRIOR_WEIGHT * prior_mu + sum(logs)) / (PRIOR_WEIGHT + len(logs))
        return mean_residual_s(mu, SIGMA, stopped_s)


def mean_residual_s(mu: float, sigma: float, elapsed_s: float) -> float:
    """E[D - t | D > t] of a lognormal duration, s."""
    mean = math.exp(mu + sigma**2 / 2)
    if elapsed_s <= 0:
        return mean
    z = (math.log(elapsed_s) - mu) / sigma
    survival = _phi(-z)
    if survival < 1e-12:
        # far out in the tail the hazard falls as ln(t) / (t sigma^2), and the rest grows as its inverse
        return elapsed_s * sigma**2 / (math.log(elapsed_s) - mu)
    return mean * _phi(sigma - z) / survival - elapsed_s


def _phi(x: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))
