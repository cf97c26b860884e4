"""The terms of bench/plant."""

from __future__ import annotations

from rdflib import Namespace

B = Namespace("https://example.org/bench#")
SENSORS = ("temperature", "vibration", "speed", "pressure", "current", "flow", "level", "torque")
CLASSES = ("Filler", "Capper", "Labeller", "Packer", "Robot")
