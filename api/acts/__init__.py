"""What people do to the twin, built as Changes from a plain intent, for command line, HTTP and console alike.

A word on a proposal, a stop, a freeze lifted, a level of autonomy, a request. Speaks of stories, names and moments,
and gives Changes and the bodies of the gateway's methods. Does no I/O of its own, asks no clock, and must not know
who calls it: who speaks is authenticated where the Change arrives.
"""

from __future__ import annotations

from api.acts.approval import Standing, approval_change, approvers, binds_of, require_open, standing, wanted
from api.acts.autonomy import approvals_needed, autonomy_change, chosen, grants_in, require_level, scopes_of
from api.acts.names import bound, label, nearest, stoppable
from api.acts.sender import SENDER, change_at
from api.acts.stop import MODES, Stop, require_mode, stop_body, stop_change, stop_sentence
from api.acts.told import Told
from api.acts.unfreeze import unfreeze_body, unfreeze_change

__all__ = [
    "MODES",
    "SENDER",
    "Standing",
    "Stop",
    "Told",
    "approval_change",
    "approvals_needed",
    "approvers",
    "autonomy_change",
    "binds_of",
    "bound",
    "change_at",
    "chosen",
    "grants_in",
    "label",
    "nearest",
    "require_level",
    "require_mode",
    "require_open",
    "scopes_of",
    "standing",
    "stop_body",
    "stop_change",
    "stop_sentence",
    "stoppable",
    "unfreeze_body",
    "unfreeze_change",
    "wanted",
]
