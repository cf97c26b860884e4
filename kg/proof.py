"""Why a fact holds: a finite, acyclic tree from the fact down to what was asserted.

A tree may be 10,000 steps high and may hold one proof in many places, so nothing here calls itself, and what is
held twice is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from kg.errors import BadTerm
from kg.terms import Term, term_text
from kg.wire import text_to_term

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

NESTED_STEPS = 1000
NESTED_HEIGHT = 100
"""A proof with more steps, written out as a tree, or with more on top of each other has a list of steps as its JSON."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One member of a group that a step counted, with the proofs of the facts that make it one."""

    bindings: tuple[tuple[str, Term], ...]
    premises: tuple[Proof, ...]
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A group that a step looked at: what its aggregates gave, from how many members, and some of these."""

    keys: tuple[tuple[str, Term], ...]
    results: tuple[tuple[str, Term | None], ...]
    """Each aggregate in SPARQL syntax with what it gave; None where it was an error."""
    count: int
    """Of all members."""
    contributions: tuple[Contribution, ...]
    """Some of the members; one that gave a minimum or maximum comes first."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Proof:
    """A fact with the rule and premises that gave it, or with no rule where the fact was asserted.

    `absent` are patterns that matched nothing (negation), valid at `seq` only, as are the counts of `groups`.
    """

    fact: tuple[Term, Term, Term]
    graph: str | None
    """The named graph that asserts it; None for an inferred fact."""
    rule: str | None = None
    """IRI of the rule, or the W3C name of an OWL 2 RL rule such as `owl2rl:cax-sco`."""
    bindings: tuple[tuple[str, Term], ...] = ()
    premises: tuple[Proof, ...] = ()
    absent: tuple[str, ...] = ()
    seq: int | None = None
    groups: tuple[Group, ...] = ()

    def below(self) -> tuple[Proof, ...]:
        """The proofs on which this one rests: its premises and those of the contributions it shows."""
        if not self.groups:
            return self.premises
        shown = (one for group in self.groups for one in group.contributions)
        return (*self.premises, *(premise for one in shown for premise in one.premises))

    def steps(self) -> Iterator[Proof]:
        """This proof and all below it, each before what it rests on; one that is held in many places comes once."""
        seen: set[int] = set()
        waiting = [self]
        while waiting:
            step = waiting.pop()
            if id(step) not in seen:
                seen.add(id(step))
                yield step
                waiting.extend(reversed(step.below()))

    def upwards(self) -> list[Proof]:
        """The steps, each after all that it rests on."""
        done: dict[int, Proof] = {}
        waiting = [(self, False)]
        while waiting:
            step, is_ready = waiting.pop()
            if is_ready:
                done[id(step)] = step
            elif id(step) not in done:
                waiting.append((step, True))
                waiting.extend((below, False) for below in step.below())
        return list(done.values())

    def leaves(self) -> Iterator[Proof]:
        """The asserted facts the proof ends in."""
        return (step for step in self.steps() if not step.below())

    def measure(self) -> Measure:
        """How high and how large the proof is."""
        found: dict[int, Measure] = {}
        for step in self.upwards():
            below = [found[id(each)] for each in step.below()]
            height = 0 if step.rule is None else 1 + max((each.height for each in below), default=0)
            found[id(step)] = Measure(height, 1 + sum(each.size for each in below))
        return found[id(self)]

    def stamped(self, seq: int) -> Proof:
        """The proof with `seq` at every step that rests on an absence or on what a group counted."""
        done: dict[int, Proof] = {}

        def below(premises: tuple[Proof, ...]) -> tuple[Proof, ...]:
            return tuple(done[id(premise)] for premise in premises)

        for step in self.upwards():
            groups = tuple(
                replace(group, contributions=tuple(replace(c, premises=below(c.premises)) for c in group.contributions))
                for group in step.groups
            )
            at = seq if step.absent or step.groups else step.seq
            done[id(step)] = replace(step, premises=below(step.premises), groups=groups, seq=at)
        return done[id(self)]

    def to_json(self) -> dict[str, Json]:
        """A plain JSON tree; terms in N-Triples form.

        Where the tree would be too high or too large, every inferred step below the first is written once, in a list
        `steps`, and stands elsewhere as its fact, its rule and its place in that list.
        """
        height, size = self.measure()
        nested = height <= NESTED_HEIGHT and size <= NESTED_STEPS
        written: dict[int, Json] = {}
        steps: list[Json] = []
        for step in self.upwards():
            body = _step_to_json(step, lambda below: written[id(below)])
            if not nested and step.rule is not None and step is not self:
                steps.append(body)
                body = {"fact": body["fact"], "rule": body["rule"], "step": len(steps) - 1}
            written[id(step)] = body
        tree = _step_to_json(self, lambda below: written[id(below)])
        return {**tree, "steps": steps} if steps else tree

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Proof:
        """The proof that `to_json` has written. Raises BadTerm where it is none."""
        try:
            steps: list[Proof] = []
            for step in body.get("steps", ()):
                steps.append(_read(step, steps))
            return _read(body, steps)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise BadTerm(f"This is not a proof: {type(error).__name__} {error}.") from error

    def __eq__(self, other: object) -> bool:
        """Equal facts by equal rules from equal premises, in this order."""
        if not isinstance(other, Proof):
            return NotImplemented
        met: set[tuple[int, int]] = set()
        waiting = [(self, other)]
        while waiting:
            one, two = waiting.pop()
            if one is two or (id(one), id(two)) in met:
                continue
            met.add((id(one), id(two)))
            if _face(one) != _face(two):
                return False
            waiting.extend(zip(one.below(), two.below(), strict=True))
        return True

    def __hash__(self) -> int:
        return hash((self.fact, self.graph, self.rule))

    def __repr__(self) -> str:
        origin = self.graph if self.rule is None else f"{self.rule} from {len(self.below())}"
        return f"<Proof of {' '.join(map(term_text, self.fact))}: {origin}>"


class Measure(NamedTuple):
    """The size of a proof."""

    height: int
    """0 for an asserted fact, else one more than the highest premise."""
    size: int
    """Steps, written out as a tree."""


class Proofs(NamedTuple):
    """Several proofs of one fact, the lowest first and of equal ones the smallest."""

    proofs: tuple[Proof, ...]
    more: bool
    """True where there may be more than were looked for."""


def _face(proof: Proof) -> tuple[object, ...]:
    """What a step says itself, with the number of proofs it rests on."""
    groups = tuple(
        (g.keys, g.results, g.count, tuple((c.bindings, len(c.premises), c.absent) for c in g.contributions))
        for g in proof.groups
    )
    said = proof.fact, proof.graph, proof.rule, proof.bindings, proof.absent, proof.seq
    return (*said, len(proof.premises), groups)


def _step_to_json(step: Proof, of: Callable[[Proof], Json]) -> dict[str, Json]:
    tree: dict[str, Json] = {"fact": [term_text(term) for term in step.fact]}
    if step.graph is not None:
        tree["graph"] = step.graph
    if step.rule is not None:
        tree["rule"] = step.rule
        tree["bindings"] = _named_to_json(step.bindings)
        tree["premises"] = [of(premise) for premise in step.premises]
    if step.groups:
        tree["groups"] = [_group_to_json(group, of) for group in step.groups]
    if step.absent:
        tree["absent"] = list(step.absent)
    if step.absent or step.groups:
        tree["seq"] = step.seq
    return tree


def _group_to_json(group: Group, of: Callable[[Proof], Json]) -> Json:
    return {
        "keys": _named_to_json(group.keys),
        "results": {text: None if term is None else term_text(term) for text, term in group.results},
        "count": group.count,
        "contributions": [
            {
                "bindings": _named_to_json(one.bindings),
                "premises": [of(premise) for premise in one.premises],
                **({"absent": list(one.absent)} if one.absent else {}),
            }
            for one in group.contributions
        ],
    }


def _named_to_json(named: tuple[tuple[str, Term], ...]) -> Json:
    return {name: term_text(term) for name, term in named}


def _read(body: Mapping[str, Any], steps: list[Proof]) -> Proof:
    """A step and all that is nested in it; what stands in the list is taken from there."""
    found, waiting = [], [body]
    while waiting:
        found.append(current := waiting.pop())
        waiting.extend(_nested(current))
    read: dict[int, Proof] = {}
    for current in reversed(found):
        if "step" in current:
            read[id(current)] = _listed(current, steps)
        else:
            read[id(current)] = _json_to_step(current, lambda below: read[id(below)])
    return read[id(body)]


def _nested(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from body.get("premises", ())
    for group in body.get("groups", ()):
        for one in group["contributions"]:
            yield from one["premises"]


def _listed(body: Mapping[str, Any], steps: list[Proof]) -> Proof:
    place = body["step"]
    if not isinstance(place, int) or not 0 <= place < len(steps):
        raise ValueError(f"there is no step {place!r} before it is asked for")
    if steps[place].fact != _json_to_fact(body) or steps[place].rule != body.get("rule"):
        raise ValueError(f"step {place} is of another fact or rule than is said where it is used")
    return steps[place]


def _json_to_step(body: Mapping[str, Any], of: Callable[[Mapping[str, Any]], Proof]) -> Proof:
    return Proof(
        fact=_json_to_fact(body),
        graph=_text(body.get("graph")),
        rule=_text(body.get("rule")),
        bindings=_json_to_named(body.get("bindings", {})),
        premises=tuple(map(of, body.get("premises", ()))),
        absent=tuple(map(str, body.get("absent", ()))),
        seq=None if body.get("seq") is None else int(body["seq"]),
        groups=tuple(_json_to_group(group, of) for group in body.get("groups", ())),
    )


def _json_to_group(body: Mapping[str, Any], of: Callable[[Mapping[str, Any]], Proof]) -> Group:
    return Group(
        keys=_json_to_named(body["keys"]),
        results=tuple((text, None if term is None else _term(term)) for text, term in body["results"].items()),
        count=int(body["count"]),
        contributions=tuple(
            Contribution(
                bindings=_json_to_named(one["bindings"]),
                premises=tuple(map(of, one["premises"])),
                absent=tuple(map(str, one.get("absent", ()))),
            )
            for one in body["contributions"]
        ),
    )


def _json_to_fact(body: Mapping[str, Any]) -> tuple[Term, Term, Term]:
    s, p, o = map(_term, body["fact"])
    return s, p, o


def _json_to_named(body: Mapping[str, Any]) -> tuple[tuple[str, Term], ...]:
    return tuple((name, _term(text)) for name, text in body.items())


_term = lru_cache(maxsize=10_000)(text_to_term)
"""A term stands in a proof several times."""


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


__all__ = ["Contribution", "Group", "Json", "Measure", "Proof", "Proofs"]
