"""What the Gate's verdict means to a decision."""

from __future__ import annotations

from kg.change import Finding, Reason, Verdict
from kg.proof import Json
from kg.wire import reason_to_json
from ontology import TW

_APPROVAL_PATHS = (str(TW.approvals), str(TW.approvedBy))
_APPROVAL_CODE = "APPROV"


def verdict_facts(verdict: Verdict) -> dict[str, Json]:
    """A verdict for the record: against what it was judged, and each reason with its finding."""
    return {
        "admitted": verdict.admitted,
        "seq": verdict.seq,
        "release": verdict.release,
        "reasons": [reason_to_json(reason) for reason in verdict.reasons],
        "undecided": list(verdict.findings.undecided),
    }


def lacks_approval_only(verdict: Verdict) -> bool:
    """True for a refusal that people's approval would turn: every reason is a shape that asks for approvals."""
    return bool(verdict.reasons) and all(_asks_for_approval(reason) for reason in verdict.reasons)


def _asks_for_approval(reason: Reason) -> bool:
    finding: Finding | None = reason.finding
    if finding is None:
        return False
    path = finding.path or ""
    return _APPROVAL_CODE in reason.code.upper() or any(name in path for name in _APPROVAL_PATHS)
