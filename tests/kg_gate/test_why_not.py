"""Why not? What the search proposes on a small Gate, what it proves, where it stops, and that nothing stays of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from rdflib import RDF, XSD, BNode, Literal, URIRef

from kg.change import Change, Expected, Finding, Kind, Quad, Role, Source
from kg.gate.why_not.facts import hand_of
from kg.gate.why_not.search import combined
from kg.gate.why_not.words import sentence_of
from kg.names import GraphName
from kg.repair import Bound, By, Edit, Fact, Part, RepairKind, Sense, Stopped, Suggestion
from kg.terms import double_literal
from ontology import ISA95, PACK, TW

FILLER = URIRef("https://example.org/Filler")
SET = URIRef("https://example.org/Filler.SetMachSpeed")
LINE = URIRef("https://example.org/Line")
NOW_US = 1_800_000_000_000_000
TRUE = Literal(True)
EMIL = Source(URIRef("urn:test:emil"), Role.ENGINEER)

UNHURRIED = Bound(longest_s=1e9)


@dataclass
class Limits:
    """Advice for the limit of the small plant: the value at the limit, and whatever else a test wants."""

    more: tuple[Suggestion, ...] = ()
    limit: float = 450.0
    asked: list[Finding] = field(default_factory=list)

    def suggest(self, finding: Finding) -> Sequence[Suggestion]:
        self.asked.append(finding)
        assert finding.path is not None
        predicate = URIRef(finding.path[1:-1])
        old = Fact(finding.focus, predicate, finding.value)  # type: ignore[arg-type]
        return (Suggestion(old, old._replace(o=double_literal(self.limit)), Sense.AT_MOST), *self.more)


def state_of(bench: Any) -> object:
    """Everything that asking could have left behind."""
    gate = bench.gate
    return (
        bench.contents(),
        gate.seq,
        gate.plant_us,
        gate.unsealed,
        dict(bench.shapes.held),
        list(gate._approvals._held),
        set(gate._standing._open),
        {place: set(held) for place, held in gate._violations._open.items() if held},
        list(bench.recorder.entries),
        list(bench.recorder.samples),
        list(bench.events),
    )


class TestWhatIsFound:
    def test_the_largest_value_that_passes(self, bench, request_of):
        """A value beyond a limit: the limit itself could be asked for, and the Gate admits that."""
        bench.gate.advice = Limits()
        change = request_of(600.0)

        found = bench.gate.why_not(change, UNHURRIED)

        (repair,) = found.repairs
        assert (repair.kind, repair.sentence) == (RepairKind.ASK, "You could ask for at most 450 /min instead.")
        assert repair.verdict.admitted
        assert not found.verdict.admitted
        assert bench.gate.dry_run(replace(change, adds=tuple(map(_at_450, change.adds)))).admitted

    def test_what_is_asked_instead_goes_on_from_a_refused_try(self, bench, request_of):
        """Advice that is not enough is asked again: at 500 the limit still holds, and from there it leads to 450."""
        advice = bench.gate.advice = Limits(limit=500.0)

        def second(finding: Finding, first=advice.suggest) -> Sequence[Suggestion]:
            if finding.value == double_literal(500.0):
                advice.limit = 450.0
            return first(finding)

        advice.suggest = second  # type: ignore[method-assign]

        (repair,) = bench.gate.why_not(request_of(600.0), UNHURRIED).repairs

        assert repair.sentence == "You could ask for at most 450 /min instead."

    def test_nothing_in_the_way(self, bench, request_of):
        """What would be admitted needs no repair."""
        found = bench.gate.why_not(request_of(400.0), UNHURRIED)

        assert found.verdict.admitted
        assert (found.repairs, found.judged) == ((), 0)
        assert found.sentence == "Nothing is in the way: it would be admitted."

    def test_a_read_set_that_no_longer_holds(self, bench, observe, request_of):
        """The value as it is now, or the value becoming again what it was, which only the controller says."""
        bench.one(observe(1, 0.5))
        stale = Expected(FILLER, TW.fillRatio, double_literal(0.2))

        found = bench.gate.why_not(request_of(400.0, read_set=(stale,)), UNHURRIED)

        asked, held = found.repairs
        assert asked.sentence == f"You could rest on {FILLER} {TW.fillRatio} 0.5, as it is now."
        assert asked.edits[0].new == stale._replace(o=double_literal(0.5))
        assert held.kind is RepairKind.HOLD
        assert held.edits[0].by is By.ITSELF
        assert held.sentence.endswith("were 0.2 instead of 0.5; only the controller says that.")

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            (Expected(SET, TW.frozen, TRUE), "go without"),
            (Expected(SET, TW.writeGrant, URIRef("https://example.org/Grant"), present=False), "rest on"),
            (Expected(FILLER, TW.fillRatio, double_literal(0.2), tolerance=0.1), "rest on"),
        ],
    )
    def test_lines_that_can_be_mended_in_the_change(self, bench, observe, request_of, line, words):
        """A line about what is absent is left out, one about what is present says so, a tolerance stays."""
        bench.one(observe(1, 0.5))

        found = bench.gate.why_not(request_of(400.0, read_set=(line,)), UNHURRIED)

        assert found.repairs[0].kind is RepairKind.ASK
        assert words in found.repairs[0].sentence
        assert found.repairs[0].edits[0].old == line

    def test_several_broken_lines_are_mended_together(self, bench, observe, request_of):
        """The Gate names the first broken line only; all are found."""
        bench.one(observe(1, 0.5))
        bench.one(observe(2, 300.0))
        lines = (
            Expected(FILLER, TW.fillRatio, double_literal(0.2), tolerance=0.1),
            Expected(FILLER, PACK.machSpeed, double_literal(1.0), tolerance=0.1),
        )

        (repair,) = bench.gate.why_not(request_of(400.0, read_set=lines), UNHURRIED).repairs

        assert len(repair.edits) == 2
        assert repair.kind is RepairKind.ASK

    def test_an_expired_request(self, bench, request_of):
        """Without an expiry of its own it lives for as long as the Gate gives it."""
        past = Literal("2026-01-01T00:00:00Z", datatype=XSD.dateTime, normalize=False)

        found = bench.gate.why_not(request_of(400.0, adds=((TW.expiresAt, past),)), UNHURRIED)

        assert [repair.sentence for repair in found.repairs] == ["You could leave out when it expires."]

    def test_a_standing_shape_ends_with_the_value_behind_it(self, make_bench, observe, request_of):
        """What holds every request back would have to become otherwise by itself, feedback and all."""
        bench = make_bench(standing=frozenset({URIRef("https://example.org/LimitShape")}))
        bench.gate.advice = Limits()
        bench.one(observe(2, 500.0))

        found = bench.gate.why_not(request_of(400.0), UNHURRIED)

        assert [reason.code for reason in found.verdict.reasons] == ["LIM"]
        (repair,) = found.repairs
        held = f"{FILLER} {PACK.machSpeed} were at most 450 instead of 500"
        assert repair.sentence == f"It would pass if {held}; only the controller says that."

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
    def test_whoever_may_not_ask_at_all(self, bench, request_of, role):
        """No triple gives anybody a role."""
        bench.gate.advice = Limits()

        found = bench.gate.why_not(request_of(400.0, role=role), UNHURRIED)

        assert found.repairs == ()
        assert (
            found.sentence
            == "None found within 32 candidates: nothing that could be asked or changed mends the reasons."
        )

    def test_an_observation_is_not_searched(self, bench, observe):
        """Reality is never refused by a shape; a malformed report is nobody's wish."""
        found = bench.gate.why_not(observe(99, 1.0), UNHURRIED)

        assert not found.verdict.admitted
        assert (found.repairs, found.judged) == ((), 0)

    def test_nothing_that_can_be_recorded(self, bench, request_of):
        """While nothing can be recorded no edit helps, and that is said."""
        bench.gate.advice, bench.gate.unsealed = Limits(), True

        found = bench.gate.why_not(request_of(400.0), UNHURRIED)

        assert found.repairs == ()
        assert found.sentence.startswith("None found")


class TestBound:
    def test_one_candidate_may_be_too_few(self, bench, request_of):
        """Within a bound of one the useless suggestion that comes first is all that is judged."""
        bench.gate.advice = _Fixed(_useless(0), _useless(1))

        found = bench.gate.why_not(request_of(600.0), Bound(candidates=1, longest_s=1e9))

        assert (found.repairs, found.judged, found.stopped) == ((), 1, Stopped.CANDIDATES)
        assert found.sentence == "None found within 1 candidate of at most 3 edits each; 1 judged."

    def test_the_time_is_up(self, bench, request_of):
        """In the time of grace the first few candidates are judged; then, or without it at once, it ends."""
        bench.gate.advice = _Fixed(*map(_useless, range(9)))

        found = bench.gate.why_not(request_of(600.0), Bound(longest_s=0.0, grace_s=1e9))
        at_once = bench.gate.why_not(request_of(600.0), Bound(longest_s=0.0, grace_s=0.0))

        assert (found.judged, found.stopped) == (4, Stopped.TIME)
        assert found.sentence == "None found within 32 candidates: the time was up after 4."
        assert (at_once.judged, at_once.stopped) == (0, Stopped.TIME)

    def test_a_change_with_hundreds_of_violations(self, bench):
        """Only the first dozen results are followed, however many there are."""
        advice = bench.gate.advice = Limits(limit=460.0)
        quads = (
            Quad(URIRef(f"https://example.org/{n}"), PACK.machSpeed, double_literal(900.0), GraphName.PLANT)
            for n in range(300)
        )

        found = bench.gate.why_not(Change(Kind.EDIT, EMIL, adds=tuple(quads)), Bound(candidates=2, longest_s=1e9))

        assert (found.repairs, found.judged) == ((), 2)
        assert len(found.verdict.reasons) == 300
        assert len(advice.asked) <= 12 * 3

    def test_enough_is_enough(self, bench, observe, request_of):
        """No further candidate is judged when as many repairs were found as were wanted."""
        bench.one(observe(1, 0.5))
        stale = Expected(FILLER, TW.fillRatio, double_literal(0.2))

        found = bench.gate.why_not(request_of(400.0, read_set=(stale,)), Bound(repairs=1, longest_s=1e9))

        assert (len(found.repairs), found.judged, found.stopped) == (1, 1, Stopped.ENOUGH)

    def test_no_larger_set_than_allowed(self, bench, observe, request_of):
        """Two lines are broken, so that a bound of one edit finds nothing."""
        bench.one(observe(1, 0.5))
        line = Expected(FILLER, TW.fillRatio, double_literal(0.2), tolerance=0.1)
        other = Expected(FILLER, TW.fillRatio, double_literal(0.3), tolerance=0.1)

        found = bench.gate.why_not(request_of(400.0, read_set=(line, other)), Bound(largest=1, longest_s=1e9))

        assert (found.repairs, found.stopped) == ((), Stopped.EXHAUSTED)


class TestNothingStays:
    @pytest.mark.parametrize("speed", [600.0, 400.0])
    def test_graph_engines_seq_and_journal_are_as_before(self, bench, observe, request_of, speed):
        """Asked twice, the answer is the same, and everything is as if nobody had asked."""
        bench.one(observe(1, 0.5))
        bench.gate.advice = Limits(more=tuple(map(_useless, range(3))))
        change = request_of(speed, read_set=(Expected(FILLER, TW.fillRatio, double_literal(0.5)),))
        before = state_of(bench)

        first, second = bench.gate.why_not(change, UNHURRIED), bench.gate.why_not(change, UNHURRIED)

        assert state_of(bench) == before
        assert [repair.sentence for repair in first.repairs] == [repair.sentence for repair in second.repairs]

    def test_the_gate_goes_on(self, bench, request_of):
        """A request is judged after the question as it would have been without it."""
        bench.gate.advice = Limits()
        bench.gate.why_not(request_of(600.0), UNHURRIED)

        assert bench.one(request_of(400.0)).admitted
        assert not bench.one(request_of(600.0)).admitted


class TestWhoCanDoIt:
    @pytest.mark.parametrize(
        ("old", "new", "by", "who"),
        [
            (Quad(LINE, TW.stopped, TW.NoWrites, GraphName.POLICY), None, By.PERSON, "an operator can do that"),
            (Quad(SET, TW.frozen, TRUE, GraphName.DESIRED), None, By.PERSON, "an operator can do that"),
            (None, Quad(LINE, TW.level, Literal("approve"), GraphName.POLICY), By.PERSON, "a supervisor can do that"),
            (None, Quad(LINE, TW.powerLimitKw, TRUE, GraphName.PLANT), By.PERSON, "an engineer can do that"),
            (
                Quad(SET, TW.stale, TRUE, GraphName.STATE),
                None,
                By.ITSELF,
                "only what the controllers report changes it",
            ),
            (Quad(SET, TW.pending, TRUE, GraphName.DESIRED), None, By.ITSELF, "that comes by itself"),
        ],
    )
    def test_by_the_table_of_authority(self, old, new, by, who):
        """Whoever could send a Change that brings it about; else nobody."""
        hand = hand_of(old, new)

        assert hand is not None
        assert (hand.by, hand.who) == (by, who)

    def test_the_ontology_is_out_of_the_question(self):
        """Nobody changes what words mean so that one request may pass."""
        assert hand_of(Quad(LINE, RDF.type, LINE, GraphName.ONTOLOGY), None) is None

    def test_of_several_reasons_the_senders_own_are_not_a_matter_for_others(self, bench, request_of):
        """Where a value violates two limits, nobody is told to raise them: the value could be another one."""
        bench.gate.advice = Limits(more=(_useless(0), _useless(1)))

        found = bench.gate.why_not(request_of(600.0), UNHURRIED)

        assert len(found.verdict.reasons) == 2
        assert found.judged == 1

    @pytest.mark.parametrize("predicate", [TW.neverWritten, TW.safetySystem, TW.riskClass, TW.role, ISA95.isPartOf])
    def test_governance_and_structure_are_never_proposed_away(self, bench, request_of, predicate):
        """Suggested or not, such a fact is no edit."""
        bench.gate.advice = Limits(limit=460.0, more=(Suggestion(old=Fact(FILLER, predicate, LINE)),))

        found = bench.gate.why_not(request_of(600.0), UNHURRIED)

        assert found.judged == 1  # the value; nothing else became a candidate

    def test_a_blank_node_can_not_be_named(self, bench, request_of):
        """A label means nothing outside its document."""
        bench.gate.advice = Limits(limit=460.0, more=(Suggestion(new=Fact(BNode("b"), TW.maxSpeed, TRUE)),))

        assert bench.gate.why_not(request_of(600.0), UNHURRIED).judged == 1

    def test_a_persons_part_must_itself_be_admissible(self, bench):
        """An edit by people that would bring a violation of its own is no repair."""
        bench.gate.advice = _Fixed(
            Suggestion(new=Fact(URIRef("https://example.org/Other"), PACK.machSpeed, double_literal(900.0)))
        )
        quad = Quad(URIRef("https://example.org/New"), PACK.machSpeed, double_literal(500.0), GraphName.PLANT)

        found = bench.gate.why_not(Change(Kind.EDIT, EMIL, adds=(quad,)), UNHURRIED)

        assert (found.repairs, found.verdict.admitted) == ((), False)


class TestPlainChanges:
    def test_a_quad_of_an_edit_is_changed_or_left_out(self, bench):
        """What the sender states is changed first; an edit of which nothing is left is no repair."""
        bench.gate.advice = Limits()
        fast = Quad(URIRef("https://example.org/New"), PACK.machSpeed, double_literal(500.0), GraphName.PLANT)
        also = fast._replace(p=TW.maxSpeed, o=double_literal(450.0))

        alone = bench.gate.why_not(Change(Kind.EDIT, EMIL, adds=(fast,)), UNHURRIED)
        both = bench.gate.why_not(Change(Kind.EDIT, EMIL, adds=(fast, also)), UNHURRIED)

        assert alone.repairs[0].edits[0].new == fast._replace(o=double_literal(450.0))
        assert [repair.kind for repair in both.repairs] == [RepairKind.ASK]

    def test_what_is_there_may_be_removed_too(self, bench):
        """A suggestion about an existing fact in the sender's authority becomes a removal of the same Change."""
        old = Fact(URIRef("https://example.org/New"), PACK.machSpeed, double_literal(500.0))
        bench.gate.advice = _Fixed(Suggestion(old=old))

        found = bench.gate.why_not(Change(Kind.EDIT, EMIL, adds=(Quad(*old, GraphName.PLANT), _note("a"))), UNHURRIED)

        assert found.repairs[0].edits == (Edit(Part.ADDS, Quad(*old, GraphName.PLANT), None),)
        assert found.repairs[0].sentence.startswith("You could leave out")


class TestCombining:
    A, B, C = (Quad(LINE, TW.level, Literal(text), GraphName.POLICY) for text in "abc")
    NO_A, NO_B = Edit(Part.FACTS, A, None), Edit(Part.FACTS, B, None)

    @pytest.mark.parametrize(
        ("first", "second", "together"),
        [
            (Edit(Part.FACTS, A, B), Edit(Part.FACTS, B, C), {Edit(Part.FACTS, A, C)}),
            (Edit(Part.FACTS, A, B), Edit(Part.FACTS, B, A), None),
            (Edit(Part.FACTS, A, B), Edit(Part.FACTS, B, None), {Edit(Part.FACTS, A, None)}),
            (Edit(Part.FACTS, None, B), Edit(Part.FACTS, B, None), None),
            (Edit(Part.FACTS, A, None), Edit(Part.FACTS, None, A), None),
            (Edit(Part.FACTS, None, A), Edit(Part.FACTS, None, A), None),
            (Edit(Part.ADDS, A, B), Edit(Part.ADDS, A, C), {Edit(Part.ADDS, A, C)}),
            (Edit(Part.ADDS, A, B), Edit(Part.FACTS, B, C), {Edit(Part.ADDS, A, B), Edit(Part.FACTS, B, C)}),
            (
                Edit(Part.FACTS, A, None),
                Edit(Part.FACTS, B, None),
                {Edit(Part.FACTS, A, None), Edit(Part.FACTS, B, None)},
            ),
        ],
    )
    def test_one_edit_may_go_on_from_another(self, first, second, together):
        """What is changed twice is one change; what undoes another makes no set."""
        assert combined(frozenset({first}), second) == together


_REMOTE = Edit(Part.FACTS, None, Quad(FILLER, TW.siteRemote, TRUE, GraphName.STATE), By.ITSELF, "wait")
_STOP = Edit(Part.FACTS, Quad(LINE, TW.stopped, TW.NoWrites, GraphName.POLICY), None, By.PERSON, "go")


class TestSentences:
    @pytest.mark.parametrize(
        ("edits", "sentence"),
        [
            (
                [
                    _held := Edit(
                        Part.FACTS, None, Quad(FILLER, TW.siteRemote, TRUE, GraphName.STATE), By.ITSELF, "wait"
                    )
                ],
                f"It would pass if {FILLER} were in remote ({TW.siteRemote} true); wait.",
            ),
            (
                [
                    _stop := Edit(
                        Part.FACTS, Quad(LINE, TW.stopped, TW.NoWrites, GraphName.POLICY), None, By.PERSON, "go"
                    )
                ],
                f"It would pass if the stop of {LINE} were released; go.",
            ),
            (
                [_REMOTE, _STOP],
                f"It would pass if {FILLER} were in remote ({TW.siteRemote} true)"
                f" and the stop of {LINE} were released; wait; go.",
            ),
            (
                [Edit(Part.REMOVES, None, Quad(LINE, TW.level, Literal("a"), GraphName.POLICY))],
                f"You could also remove {LINE} {TW.level} a.",
            ),
            (
                [Edit(Part.FACTS, None, Quad(FILLER, PACK.stateCurrent, Literal(6), GraphName.STATE), By.ITSELF, "")],
                f"It would pass if {FILLER} were in state Execute ({PACK.stateCurrent} 6).",
            ),
        ],
    )
    def test_they_read_well(self, edits, sentence):
        """What could be done, what would have to be so, and who can bring it about."""
        assert sentence_of(edits) == sentence


class _Fixed:
    """Advice that always says the same."""

    def __init__(self, *suggestions: Suggestion) -> None:
        self.suggestions = suggestions

    def suggest(self, finding: Finding) -> Sequence[Suggestion]:
        return self.suggestions


def _useless(number: int) -> Suggestion:
    return Suggestion(new=Fact(LINE, TW.powerLimitKw, double_literal(float(number))))


def _note(text: str) -> Quad:
    return Quad(URIRef("https://example.org/New"), TW.reason, Literal(text), GraphName.PLANT)


def _at_450(quad: Quad) -> Quad:
    return quad._replace(o=double_literal(450.0)) if quad.p == TW.desiredValue else quad
