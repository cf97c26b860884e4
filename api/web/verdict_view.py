"""What the Gate said, as the API shows it: sentences in people's words, what to do, and the terms for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.known_errors import error_class
from api.run_info import RunInfo
from api.web.errors import ChangeRefused
from kg.change import Finding, Findings, Reason, Verdict
from kg.terms import term_text

_SHAPES = "https://w3id.org/twinwright/shapes#"
_FILLER = "https://w3id.org/twinwright/plants/bottling#Filler"
_REMOTE = "It would pass if Filler were in remote (tw:siteRemote true); only the operator at the machine can do that."
_FALSE, _TRUE = (f'"{word}"^^<http://www.w3.org/2001/XMLSchema#boolean>' for word in ("false", "true"))
_LINE = {"s": f"<{_FILLER}>", "p": "<https://w3id.org/twinwright/core#siteRemote>", "g": "state"}
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


class LineView(BaseModel):
    """A quad, or a line of a read set. Terms are in N-Triples form."""

    s: Annotated[str, Field(examples=[f"<{_FILLER}>"])]
    p: Annotated[str, Field(examples=["<https://w3id.org/twinwright/core#siteRemote>"])]
    o: Annotated[str, Field(examples=['"true"^^<http://www.w3.org/2001/XMLSchema#boolean>'])]
    g: Annotated[str | None, Field(description="The named graph of a quad; null for a line of a read set.")] = None
    present: Annotated[bool | None, Field(description="Of a read set: whether the triple must hold.")] = None
    tolerance: Annotated[float | None, Field(description="Of a read set: how near the value must be.")] = None


class EditView(BaseModel):
    """One line added, removed, or changed into another."""

    part: Annotated[
        str,
        Field(
            description="Of the Change: adds, removes or read-set. Of what holds already: facts or approvals.",
            examples=["facts"],
        ),
    ]
    remove: LineView | None
    add: LineView | None
    by: Annotated[
        str,
        Field(
            description="sender, person (by another Change), approver, or itself: nobody can, a controller says it.",
            examples=["itself"],
        ),
    ]


class RepairView(BaseModel):
    """Edits with which the Gate admits the Change; none of them can be left out."""

    kind: Annotated[str, Field(description="ask-instead or would-have-to-hold.", examples=["would-have-to-hold"])]
    sentence: Annotated[
        str,
        Field(examples=[_REMOTE]),
    ]
    edits: list[EditView]


class WhyNotView(BaseModel):
    """The smallest edits found with which a refused Change would pass, best first."""

    admitted: Annotated[bool, Field(description="True where nothing is in the way any more.")]
    seq: Annotated[int, Field(description="Of the graph on which all candidates were judged.")]
    sentence: Annotated[str, Field(examples=["1 way found among 1 candidate."])]
    repairs: list[RepairView]
    judged: Annotated[int, Field(description="Candidates judged by the Gate.")]
    candidates: Annotated[int, Field(description="Candidates that the bound allows.")]
    stopped: Annotated[str, Field(description="exhausted, enough, candidates or time.", examples=["exhausted"])]


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
                    "why_not": None,
                },
                {
                    "change": f"urn:uuid:{_ID}",
                    "admitted": False,
                    "dry_run": True,
                    "seq": 4710,
                    "release": "5d0c",
                    "reasons": [
                        {
                            "code": "PERM-REMOTE",
                            "sentence": "The machine is not in remote: the operator has control.",
                            "remedy": None,
                            "finding": None,
                        }
                    ],
                    "findings": {"introduced": [], "worsened": [], "fixed": [], "remaining": [], "undecided": []},
                    "decision": None,
                    "explanation": None,
                    "why_not": {
                        "admitted": False,
                        "seq": 4710,
                        "sentence": "1 way found among 1 candidate.",
                        "repairs": [
                            {
                                "kind": "would-have-to-hold",
                                "sentence": _REMOTE,
                                "edits": [
                                    {
                                        "part": "facts",
                                        "remove": {**_LINE, "o": _FALSE},
                                        "add": {**_LINE, "o": _TRUE},
                                        "by": "itself",
                                    }
                                ],
                            }
                        ],
                        "judged": 1,
                        "candidates": 32,
                        "stopped": "exhausted",
                    },
                },
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
    why_not: Annotated[
        WhyNotView | None, Field(description="What would make it pass, where that was asked and it was refused.")
    ] = None


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


def why_not_view(found: Mapping[str, Any], info: RunInfo) -> WhyNotView:
    """What the core's `why_not` answered, with names in its sentences."""
    view = WhyNotView.model_validate(found)
    for repair in view.repairs:
        repair.sentence = info.in_words(repair.sentence)
    return view


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
