"""A bottling line that stands in for reality: physics, controllers and a real OPC UA server, in its own program.

Depalletiser, rinser-filler-capper block, labeller, packer and palletiser, with accumulating conveyors between them and
tuned line control by level switches; PackML controllers that may clamp, refuse or ignore what a supervisor writes; a
watchdog; and faults that can be injected. The hidden parameters are drawn from a seed, and nothing outside this folder
may read them. The folder also holds the plant's model in Turtle. It knows nothing of the twin but the vocabularies.
"""

from __future__ import annotations

from plants.bottling.faults import FAULTS, FaultError
from plants.bottling.line import Line
from plants.bottling.options import BottlingOptions
from plants.bottling.program import main, run
from plants.bottling.server import BottlingServer, ListenError
from plants.bottling.write_log import Write

__all__ = [
    "FAULTS",
    "BottlingOptions",
    "BottlingServer",
    "FaultError",
    "Line",
    "ListenError",
    "Write",
    "main",
    "run",
]
