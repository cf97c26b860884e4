"""The tree of an explanation: what was wanted, why, what was decided step by step, and on which samples it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from rdflib import Literal, URIRef

from agents.explanation.model import Model
from agents.explanation.samples import Sampled, Samples
from agents.explanation.story import Step, Story
from agents.pipeline import End, Stage
from agents.words import absence_in_words, local, name_of, plain, readable, value_in_words
from kg.change import Finding, Kind, Reason
from kg.proof import Json
from kg.terms import Term
from kg.wire import term_text, text_to_term
from ontology import TW, UA


class Sort(StrEnum):
    """What a branch stands for."""

    DECISION = "decision"
    INFERRED = "inferred"
    """A fact that a rule derived; its branches are the premises."""
    SAMPLE = "sample"
    """A leaf: a value as the controller gave it."""
    FACT = "fact"
    """A leaf: an asserted fact of a named graph."""
    ABSENCE = "absence"
    """A leaf: what the rule looked for and did not find."""
    STEP = "step"
    FINDING = "finding"
    NOTE = "note"


_PATH_IRI = re.compile(r"<([^<>]+)>")
_GROUNDS = frozenset({Sort.INFERRED, Sort.SAMPLE, Sort.FACT})
_IN_THE_TEXT = frozenset({"fact", "rule", "label", "value"})
"""Facts of reasons that the text says already, in fewer words."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of the tree with what hangs below it. `facts` are plain JSON values, in the order to show them."""

    sort: Sort
    text: str
    facts: Mapping[str, Json] = field(default_factory=dict)
    branches: tuple[Branch, ...] = ()

    def walk(self) -> Iterator[Branch]:
        """This branch and all below it."""
        yield self
        for branch in self.branches:
            yield from branch.walk()

    def to_json(self) -> dict[str, Json]:
        told: dict[str, Json] = {"sort": self.sort.value, "text": self.text}
        if self.facts:
            told["facts"] = dict(self.facts)
        if self.branches:
            told["branches"] = [branch.to_json() for branch in self.branches]
        return told

    def lines(self, depth: int = 0) -> Iterator[str]:
        """The tree as indented text with all its facts, one line a branch."""
        hidden = _IN_THE_TEXT if self.sort in _GROUNDS else frozenset[str]()
        told = ((name, value) for name, value in self.facts.items() if name not in hidden)
        shown = [f"{name} {_shown(value)}" for name, value in told if value not in (None, "", [], {})]
        yield "  " * depth + self.text + (f"  [{'; '.join(shown)}]" if shown else "")
        for branch in self.branches:
            yield from branch.lines(depth + 1)


def grow(story: Story, model: Model, samples: Samples, sentence: str) -> Branch:
    """The tree of a story."""
    branches = [*_why(story, model, samples), *(_step(step, model) for step in story.steps)]
    facts: dict[str, Json] = {"id": story.id, "release": story.release}
    return Branch(Sort.DECISION, sentence, facts, tuple(branches))


def _why(story: Story, model: Model, samples: Samples) -> Iterator[Branch]:
    proposal = story.proposal
    if proposal is not None and proposal.proof:
        yield Branch(Sort.NOTE, "Why: the condition held", {}, (_proof(proposal.proof, model, samples),))
        yield Branch(Sort.NOTE, f"Expected: {proposal.effect.sentence}", {"evaluated": proposal.effect.evaluated})
        yield Branch(Sort.NOTE, f"If nothing is done: {proposal.if_nothing}")
        return
    wish = story.wish
    if wish is not None:
        props = dict.fromkeys((wish.target, *wish.inputs))
        leaves = [_sample(prop, None, model, samples) for prop in props]
        yield Branch(Sort.NOTE, "The values at that moment", {}, tuple(leaf for leaf in leaves if leaf is not None))


def _proof(proof: Mapping[str, Any], model: Model, samples: Samples) -> Branch:
    s, p, o = map(text_to_term, proof["fact"])
    text = _fact(URIRef(s), URIRef(p), o, str(proof.get("rule")), model)
    absences = tuple(_absence(str(what), model) for what in proof.get("absent") or ())
    if "rule" in proof:
        premises = tuple(_proof(premise, model, samples) for premise in proof.get("premises") or ())
        premises += tuple(_group(group, model, samples) for group in proof.get("groups") or ())
        facts = {"fact": list(proof["fact"]), "rule": proof["rule"]}
        return Branch(Sort.INFERRED, f"{text}, by {model.label(URIRef(proof['rule']))}", facts, (*premises, *absences))
    prop = model.properties.get((URIRef(s), URIRef(p)))
    if prop is not None and isinstance(o, Literal):
        leaf = _sample(prop, o, model, samples)
        if leaf is not None:
            return leaf
    graph = proof.get("graph")
    return Branch(Sort.FACT, text, {"fact": list(proof["fact"]), "graph": None if graph is None else local(graph)})


def _group(group: Mapping[str, Any], model: Model, samples: Samples) -> Branch:
    """What was counted or summed, with the facts behind the members that the proof shows."""
    results = [
        f"{text} is {'an error' if term is None else _value(term, model)}" for text, term in group["results"].items()
    ]
    keys = [f"for {name} {_value(term, model)}" for name, term in group["keys"].items()]
    shown, count = group["contributions"], group["count"]
    part = "" if len(shown) == count else f", {len(shown)} of them below"
    text = f"{' '.join([' and '.join(results) or 'there is a group', *keys])}, from {count}{part}"
    if not shown:
        return Branch(Sort.ABSENCE, text, {"pattern": text})
    facts = (_proof(premise, model, samples) for one in shown for premise in one["premises"])
    absences = (_absence(str(what), model) for one in shown for what in one.get("absent") or ())
    return Branch(Sort.INFERRED, text, {"count": count}, (*facts, *absences))


def _value(text: str, model: Model) -> str:
    term = text_to_term(text)
    return model.label(term) if isinstance(term, URIRef) else value_in_words(term)


def _absence(pattern: str, model: Model) -> Branch:
    return Branch(Sort.ABSENCE, absence_in_words(pattern, model.label), {"pattern": pattern})


def _fact(s: URIRef, p: URIRef, o: Term, rule: str, model: Model) -> str:
    """A fact in words; a match says what its rule wants."""
    if str(p) == rule:
        return f"{model.label(s)} should be {value_in_words(o, unit=model.text(s, TW.unit))}"
    prop = model.properties.get((s, p))
    unit = None if prop is None else model.text(prop, TW.unit)
    value = model.label(o) if isinstance(o, URIRef) else value_in_words(o, str(p), unit)
    return f"{model.label(s)} {name_of(str(p))}: {value}"


def _sample(prop: URIRef, value: Literal | None, model: Model, samples: Samples) -> Branch | None:
    found = samples.of(prop, value)
    if found is None:
        return None
    shown = value_in_words(found.value, model.text(prop, TW.predicate), model.text(prop, TW.unit))
    return Branch(Sort.SAMPLE, f"{model.label(prop)} = {shown}", sample_facts(prop, found, model))


def sample_facts(prop: URIRef, found: Sampled, model: Model) -> dict[str, Json]:
    """Where a value comes from, for people and machines."""
    return {
        "label": model.label(prop),
        "value": term_text(found.value),
        "source_time": None if found.source_us is None else instant(found.source_us),
        "received": None if found.received_us is None else instant(found.received_us),
        "quality": found.quality,
        "status": None if found.status is None else f"0x{found.status:08X}",
        "node_id": model.text(prop, UA.nodeId),
        "property": str(prop),
        "seq": found.seq,
    }


def _step(step: Step, model: Model) -> Branch:
    facts: dict[str, Json] = {"at": instant(step.at_us), "by": model.label(step.author), "entry": step.index}
    for name, value in step.facts.items():
        if name not in _SHOWN_ELSEWHERE and name not in _OWN:
            facts[name] = readable(value, model.label) if name in _PROSE and isinstance(value, str) else value
    silent = step.is_ok or step.kind is Kind.REQUEST or step.stage in _NEGATIVE or _is_comparison(step)
    word = "" if silent else ", no"
    reasons = step.reasons or tuple(_reasons(step))
    return Branch(Sort.STEP, f"{_title(step)}{word}", facts, tuple(_finding(reason, model) for reason in reasons))


_SHOWN_ELSEWHERE = frozenset({"proposal", "reasons", "binds"})
_OWN = frozenset({"at", "by", "entry"})
"""What every step says of itself; an end by the Gate tells its stage under the same name."""
_PROSE = frozenset({"sentence", "why"})
_NEGATIVE = frozenset({*End, "blocked"})
"""Names that say by themselves that it went no further."""


def _title(step: Step) -> str:
    if step.kind is Kind.REQUEST:
        return "request admitted" if step.admitted else "request refused"
    return "effect against prediction" if _is_comparison(step) else step.stage


def _is_comparison(step: Step) -> bool:
    """The agents' own step `effect`; the gateway's, which only says that something moves, is an outcome."""
    return step.kind is Kind.PROPOSAL and step.stage == Stage.EFFECT


def _reasons(step: Step) -> Iterator[Reason]:
    for item in step.facts.get("reasons") or ():
        yield Reason(str(item["code"]), str(item["sentence"]), None)


def _finding(reason: Reason, model: Model) -> Branch:
    facts: dict[str, Json] = {"code": reason.code}
    finding = reason.finding
    if finding is not None:
        facts |= {
            "shape": str(finding.shape),
            "focus": str(finding.focus),
            "path": finding.path,
            "value": None if finding.value is None else plain(finding.value),
            "value_in_words": found_value(finding),
            "distance": None if finding.distance is None else repr(finding.distance),
        }
    return Branch(Sort.FINDING, readable(reason.sentence, model.label), facts)


def found_value(finding: Finding) -> str | None:
    """The value that a shape found, in words; None where it is but a yes or no, which the message says better."""
    if finding.value is None or (isinstance(finding.value, Literal) and isinstance(finding.value.value, bool)):
        return None
    predicates = _PATH_IRI.findall(finding.path or "")
    return value_in_words(finding.value, predicates[-1] if predicates else None)


def instant(at_us: int) -> str:
    """A moment in UTC, ISO 8601."""
    return datetime.fromtimestamp(at_us / 1_000_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(_shown(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items())
    return str(value)
