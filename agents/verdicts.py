"""What the Gate's verdict means to a decision."""

from __future__ import annotations

from kg.change import Reason, Verdict
from kg.proof import Json
from kg.wire import reason_to_json
from ontology import TW

_APPROVALS = str(TW.approvals)
_APPROVAL_CODES = frozenset({"PERM-APPROVAL", "PERM-AUTONOMY-APPROVAL"})
_AUTONOMY_CODES = frozenset({"PERM-AUTONOMY"})


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


def admitted_if_free(verdict: Verdict) -> bool:
    """True where nothing but the agent's own level stands in the way."""
    return verdict.admitted or (bool(verdict.reasons) and all(_is_autonomy(reason) for reason in verdict.reasons))


def _asks_for_approval(reason: Reason) -> bool:
    finding = reason.finding
    return finding is not None and (reason.code in _APPROVAL_CODES or _APPROVALS in (finding.path or ""))


def _is_autonomy(reason: Reason) -> bool:
    return reason.finding is not None and reason.code in _AUTONOMY_CODES
