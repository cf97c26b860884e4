"""What the Gate said, as the API shows it: sentences in people's words, what to do, and the terms for programs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.known_errors import error_class
from api.run_info import RunInfo
from api.web.errors import ChangeRefused
from kg.change import Finding, Findings, Reason, Verdict
from kg.terms import term_text

_SHAPES = "https://w3id.org/twinwright/shapes#"
_FILLER = "https://w3id.org/twinwright/plants/bottling#Filler"
_ID = "6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10"


class FindingView(BaseModel):
    """One result of a shape. Terms are in N-Triples form, the path is in SPARQL syntax."""

    focus: Annotated[str, Field(description="The node at fault.", examples=[f"<{_FILLER}>"])]
    shape: Annotated[str, Field(examples=[f"<{_SHAPES}LIM-SPEED-MAX>"])]
    component: Annotated[str, Field(examples=["http://www.w3.org/ns/shacl#MaxInclusiveConstraintComponent"])]
    path: str | None
    value: Annotated[str | None, Field(examples=['"8.8E2"^^<http://www.w3.org/2001/XMLSchema#double>'])]
    severity: Annotated[str, Field(examples=["Violation"])]
    message: str
    code: Annotated[str | None, Field(description="The shape's stable code.", examples=["LIM-SPEED-MAX"])]
    distance: Annotated[float | None, Field(description="How far beyond a limit, in the value's unit.")]


class ReasonView(BaseModel):
    """Why a Change was refused."""

    code: Annotated[str, Field(examples=["LIM-SPEED-MAX"])]
    sentence: str
    remedy: Annotated[str | None, Field(description="Null where the sentence of the shape says it all.")]
    finding: Annotated[FindingView | None, Field(description="Where a shape refused it.")]


class FindingsView(BaseModel):
    """What the Change does to the results of all shapes."""

    introduced: list[FindingView]
    worsened: list[FindingView]
    fixed: list[FindingView]
    remaining: Annotated[list[FindingView], Field(description="Results on the nodes touched that were there before.")]
    undecided: Annotated[list[str], Field(description="Shapes whose check ran out of its budget.")]


class VerdictView(BaseModel):
    """What the Gate says of a Change."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "change": f"urn:uuid:{_ID}",
                    "admitted": True,
                    "dry_run": False,
                    "seq": 4711,
                    "release": "5d0c",
                    "reasons": [],
                    "findings": {"introduced": [], "worsened": [], "fixed": [], "remaining": [], "undecided": []},
                    "decision": f"/v1/decisions/{_ID}",
                    "explanation": f"/v1/explanations/{_ID}",
                }
            ]
        }
    )

    change: str
    admitted: bool
    dry_run: bool
    seq: Annotated[int, Field(description="Of the Change if it was admitted, else of the graph it was judged on.")]
    release: Annotated[str, Field(description="Ontology, shapes, rules, policy and model in force.")]
    reasons: list[ReasonView]
    findings: FindingsView
    decision: Annotated[
        str | None, Field(description="For a request: where the controller's answer will be. Null otherwise.")
    ]
    explanation: Annotated[str | None, Field(description="For a request: where its explanation is. Null otherwise.")]


def verdict_view(verdict: Verdict, info: RunInfo, *, is_request: bool) -> VerdictView:
    """A verdict. A request that was not a dry run has a decision to follow."""
    ident = verdict.change.removeprefix("urn:uuid:")
    followed = is_request and not verdict.dry_run
    return VerdictView(
        change=verdict.change,
        admitted=verdict.admitted,
        dry_run=verdict.dry_run,
        seq=verdict.seq,
        release=verdict.release,
        reasons=[_reason(reason, info) for reason in verdict.reasons],
        findings=_findings(verdict.findings, info),
        decision=f"/v1/decisions/{ident}" if followed else None,
        explanation=f"/v1/explanations/{ident}" if followed else None,
    )


def refusal(view: VerdictView) -> ChangeRefused:
    """The problem that a refused Change is."""
    first = view.reasons[0].sentence if view.reasons else "The Gate gave no reason."
    more = len(view.reasons) - 1
    sentence = f"{first} (and {more} more reason{'s' * (more > 1)})" if more > 0 else first
    return ChangeRefused(sentence, view.model_dump(mode="json"))


def _reason(reason: Reason, info: RunInfo) -> ReasonView:
    known = error_class(reason.code)
    return ReasonView(
        code=reason.code,
        sentence=info.in_words(reason.sentence),
        remedy=None if known is None else known.remedy,
        finding=None if reason.finding is None else _finding(reason.finding, info),
    )


def _findings(findings: Findings, info: RunInfo) -> FindingsView:
    def shown(found: tuple[Finding, ...]) -> list[FindingView]:
        return [_finding(finding, info) for finding in found]

    return FindingsView(
        introduced=shown(findings.introduced),
        worsened=shown(findings.worsened),
        fixed=shown(findings.fixed),
        remaining=shown(findings.remaining),
        undecided=list(findings.undecided),
    )


def _finding(finding: Finding, info: RunInfo) -> FindingView:
    return FindingView(
        focus=term_text(finding.focus),
        shape=term_text(finding.shape),
        component=str(finding.component),
        path=finding.path,
        value=None if finding.value is None else term_text(finding.value),
        severity=finding.severity.value,
        message=info.in_words(finding.message),
        code=finding.code,
        distance=finding.distance,
    )
