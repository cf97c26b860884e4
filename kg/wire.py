"""What crosses process borders, as plain JSON: quads as N-Quads text, terms in N-Triples form, times as integers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pyoxigraph import BlankNode, NamedNode, RdfFormat, parse
from pyoxigraph import Literal as OxLiteral
from rdflib import BNode, Literal, URIRef

from kg.change import (
    Change,
    ChangeId,
    Expected,
    Finding,
    Findings,
    Kind,
    Match,
    Published,
    Quad,
    Reading,
    Reason,
    Severity,
    Source,
    TagId,
    Verdict,
)
from kg.errors import BadTerm
from kg.names import GraphName
from kg.terms import Term
from kg.terms import term_text as term_text

if TYPE_CHECKING:
    from kg.proof import Json


def quads_to_text(quads: Iterable[Quad]) -> str:
    """N-Quads, one line a quad, in the order given."""
    return "".join(f"{line}\n" for line in map(quad_line, quads))


def quad_line(quad: Quad) -> str:
    """One N-Quads line without its line end."""
    return f"{term_text(quad.s)} {term_text(quad.p)} {term_text(quad.o)} <{quad.g.iri}> ."


def text_to_quads(text: str) -> tuple[Quad, ...]:
    """The quads of N-Quads text. Raises BadTerm for malformed lines and graphs that do not exist."""
    try:
        return tuple(_quad(found) for found in parse(text, format=RdfFormat.N_QUADS))
    except SyntaxError as error:
        raise BadTerm(f"This is not N-Quads: {error}.") from error


def text_to_term(text: str) -> Term:
    """The term of an N-Triples form. Raises BadTerm."""
    try:
        (found,) = parse(f"<urn:s> <urn:p> {text} .", format=RdfFormat.N_TRIPLES)
    except (SyntaxError, ValueError) as error:
        raise BadTerm(f"This is not a term in N-Triples form: {text!r}.", text=text) from error
    return _term(found.object)


def change_to_json(change: Change) -> dict[str, Json]:
    """A Change as a client sends it: without source, which the server knows better."""
    return {
        "id": change.id,
        "kind": change.kind.value,
        "adds": quads_to_text(change.adds),
        "removes": quads_to_text(change.removes),
        "readings": [_reading_to_json(reading) for reading in change.readings],
        "read_set": [_expected_to_json(expected) for expected in change.read_set],
        "cause": change.cause,
        "reason": change.reason,
        "at_us": change.at_us,
        "plant_us": change.plant_us,
        "detail": dict(change.detail),
    }


def json_to_change(body: Mapping[str, Any], source: Source) -> Change:
    """The Change in a message, with the authenticated source. Raises BadTerm, KeyError or ValueError."""
    return Change(
        kind=Kind(body["kind"]),
        source=source,
        adds=text_to_quads(body.get("adds", "")),
        removes=text_to_quads(body.get("removes", "")),
        readings=tuple(_json_to_reading(item) for item in body.get("readings", ())),
        read_set=tuple(_json_to_expected(item) for item in body.get("read_set", ())),
        cause=body.get("cause"),
        reason=body.get("reason"),
        at_us=int(body.get("at_us", 0)),
        plant_us=int(body.get("plant_us", 0)),
        id=ChangeId(body["id"]),
        detail=dict(body.get("detail", {})),
    )


def finding_to_json(finding: Finding) -> dict[str, Json]:
    source: dict[str, Json] = {} if finding.source is None else {"source": term_text(finding.source)}
    return source | {
        "focus": term_text(finding.focus),
        "shape": term_text(finding.shape),
        "component": str(finding.component),
        "path": finding.path,
        "value": None if finding.value is None else term_text(finding.value),
        "severity": finding.severity.value,
        "message": finding.message,
        "code": finding.code,
        "distance": finding.distance,
    }


def json_to_finding(body: Mapping[str, Any]) -> Finding:
    return Finding(
        focus=text_to_term(body["focus"]),
        shape=text_to_term(body["shape"]),
        component=URIRef(body["component"]),
        path=body["path"],
        value=None if body["value"] is None else text_to_term(body["value"]),
        severity=Severity(body["severity"]),
        message=body["message"],
        code=body["code"],
        distance=body["distance"],
        source=None if body.get("source") is None else text_to_term(body["source"]),
    )


def reason_to_json(reason: Reason) -> dict[str, Json]:
    finding = None if reason.finding is None else finding_to_json(reason.finding)
    return {"code": reason.code, "sentence": reason.sentence, "finding": finding}


def json_to_reason(body: Mapping[str, Any]) -> Reason:
    finding = None if body["finding"] is None else json_to_finding(body["finding"])
    return Reason(body["code"], body["sentence"], finding)


def verdict_to_json(verdict: Verdict) -> dict[str, Json]:
    return {
        "change": verdict.change,
        "admitted": verdict.admitted,
        "seq": verdict.seq,
        "release": verdict.release,
        "reasons": [reason_to_json(reason) for reason in verdict.reasons],
        "findings": findings_to_json(verdict.findings),
        "dry_run": verdict.dry_run,
    }


def json_to_verdict(body: Mapping[str, Any]) -> Verdict:
    findings = body["findings"]
    return Verdict(
        change=ChangeId(body["change"]),
        admitted=body["admitted"],
        seq=body["seq"],
        release=body["release"],
        reasons=tuple(map(json_to_reason, body["reasons"])),
        findings=Findings(
            introduced=tuple(map(json_to_finding, findings["introduced"])),
            worsened=tuple(map(json_to_finding, findings["worsened"])),
            fixed=tuple(map(json_to_finding, findings["fixed"])),
            remaining=tuple(map(json_to_finding, findings["remaining"])),
            undecided=tuple(findings["undecided"]),
        ),
        dry_run=body["dry_run"],
    )


def findings_to_json(findings: Findings) -> dict[str, Json]:
    return {
        "introduced": [finding_to_json(finding) for finding in findings.introduced],
        "worsened": [finding_to_json(finding) for finding in findings.worsened],
        "fixed": [finding_to_json(finding) for finding in findings.fixed],
        "remaining": [finding_to_json(finding) for finding in findings.remaining],
        "undecided": list(findings.undecided),
    }


def published_to_json(event: Published) -> dict[str, Json]:
    return {
        "seq": event.seq,
        "release": event.release,
        "kind": event.kind.value,
        "change": event.change,
        "author": event.author,
        "cause": event.cause,
        "at_us": event.at_us,
        "plant_us": event.plant_us,
        "added": quads_to_text(event.added),
        "removed": quads_to_text(event.removed),
        "readings": [_reading_to_json(reading) for reading in event.readings],
        "opened": [finding_to_json(finding) for finding in event.opened],
        "closed": [finding_to_json(finding) for finding in event.closed],
        "matches": [_match_to_json(match) for match in event.matches],
        "unmatched": [_match_to_json(match) for match in event.unmatched],
        "admitted": event.admitted,
        "reasons": [reason_to_json(reason) for reason in event.reasons],
        "detail": dict(event.detail),
    }


def json_to_published(body: Mapping[str, Any]) -> Published:
    return Published(
        seq=body["seq"],
        release=body["release"],
        kind=Kind(body["kind"]),
        change=ChangeId(body["change"]),
        author=body["author"],
        cause=body["cause"],
        at_us=body["at_us"],
        plant_us=body["plant_us"],
        added=text_to_quads(body["added"]),
        removed=text_to_quads(body["removed"]),
        readings=tuple(map(_json_to_reading, body["readings"])),
        opened=tuple(map(json_to_finding, body["opened"])),
        closed=tuple(map(json_to_finding, body["closed"])),
        matches=tuple(map(_json_to_match, body["matches"])),
        unmatched=tuple(map(_json_to_match, body["unmatched"])),
        admitted=body["admitted"],
        reasons=tuple(map(json_to_reason, body["reasons"])),
        detail=body["detail"],
    )


def _match_to_json(match: Match) -> dict[str, Json]:
    return {"rule": str(match.rule), "target": str(match.target), "value": term_text(match.value)}


def _json_to_match(body: Mapping[str, Any]) -> Match:
    value = text_to_term(body["value"])
    if not isinstance(value, Literal):
        raise BadTerm(f"The value of a match must be a literal; it is {body['value']}.")
    return Match(URIRef(body["rule"]), URIRef(body["target"]), value)


def _expected_to_json(expected: Expected) -> list[Json]:
    return [
        str(expected.s),
        str(expected.p),
        term_text(expected.o),
        expected.present,
        expected.tolerance,
    ]


def _json_to_expected(body: list[Any]) -> Expected:
    s, p, o, present, tolerance = body
    return Expected(URIRef(s), URIRef(p), text_to_term(o), bool(present), tolerance)


def _reading_to_json(reading: Reading) -> list[Json]:
    value = reading.value
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no NaN and no infinity
        return [reading.tag, {"double": repr(value)}, *reading[2:]]
    return [*reading]


def _json_to_reading(body: list[Any]) -> Reading:
    tag, value, status, source_us, server_us, received_us, flags = body
    if isinstance(value, dict):
        value = float(value["double"])
    return Reading(TagId(tag), value, status, source_us, server_us, received_us, flags)


def _quad(found: Any) -> Quad:
    name = GraphName.of_iri(found.graph_name.value) if isinstance(found.graph_name, NamedNode) else None
    if name is None:
        raise BadTerm(f"There is no named graph {found.graph_name}.", graph=str(found.graph_name))
    return Quad(_term(found.subject), URIRef(found.predicate.value), _term(found.object), name)


def _term(found: object) -> Term:
    match found:
        case NamedNode():
            return URIRef(found.value)
        case BlankNode():
            return BNode(found.value)
        case OxLiteral():
            if found.language:
                return Literal(found.value, lang=found.language)
            datatype = found.datatype.value
            if datatype == "http://www.w3.org/2001/XMLSchema#string":
                return Literal(found.value)
            return Literal(found.value, datatype=URIRef(datatype), normalize=False)
        case _:
            raise BadTerm(f"This term cannot be held: {found}.")
