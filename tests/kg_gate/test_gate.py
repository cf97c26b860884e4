"""What the Gate lets in, what it refuses, and that nothing is half done."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rdflib import RDF, BNode, Literal, URIRef

from kg.change import Change, Expected, Kind, Quad, ReadingFlag, Role, Source
from kg.gate import binding_hash
from kg.names import GraphName
from kg.record import EntryKind
from kg.terms import double_literal, term_text
from ontology import PACK, TW

FILLER = URIRef("https://example.org/Filler")
SET = URIRef("https://example.org/Filler.SetMachSpeed")
LEVEL = URIRef("https://example.org/Filler.Level")
LINE = URIRef("https://example.org/Line")
SHAPE = URIRef("https://example.org/LimitShape")
TRUE = Literal(True)
OLGA = Source(URIRef("urn:test:olga"), Role.OPERATOR)
SAM = Source(URIRef("urn:test:sam"), Role.SUPERVISOR)
NOW_US = 1_800_000_000_000_000


class TestObservations:
    def test_reading_becomes_state_and_is_recorded_as_a_sample(self, bench, observe):
        """A reading sets the value of its property, with its quality, and history gets the sample with its seq."""
        verdict = bench.one(observe(2, 400.0))

        assert verdict.admitted
        assert bench.has(FILLER, PACK.machSpeed, double_literal(400.0))
        assert bench.has(URIRef("https://example.org/Filler.MachSpeed"), TW.quality, Literal("good"))
        assert [(seq, r.value) for seq, r in bench.recorder.samples] == [(1, 400.0)]

    def test_reality_is_never_refused(self, bench, observe):
        """A reading beyond a limit enters, and the violation becomes a fact that subscribers see."""
        verdict = bench.one(observe(2, 500.0))

        assert verdict.admitted
        assert bench.has(FILLER, TW.violates, SHAPE)
        assert [finding.code for finding in bench.events[-1].opened] == ["LIM"]

    def test_violation_fact_ends_with_its_last_result(self, bench, observe):
        """When the value is back inside the limit, the violation fact goes and the closed result is published."""
        bench.one(observe(2, 500.0))

        bench.one(observe(2, 400.0, at_us=NOW_US + 1))

        assert not bench.has(FILLER, TW.violates, SHAPE)
        assert [finding.code for finding in bench.events[-1].closed] == ["LIM"]

    def test_late_sample_does_not_overwrite_a_newer_one(self, bench, observe):
        """A sample older than the newest is kept in history but the present does not go back."""
        bench.one(observe(2, 400.0))

        bench.one(observe(2, 100.0, at_us=NOW_US - 1))

        assert bench.has(FILLER, PACK.machSpeed, double_literal(400.0))
        assert len(bench.recorder.samples) == 2

    @pytest.mark.parametrize(("status", "word"), [(0, "good"), (0x40000000, "uncertain"), (0x80020000, "bad")])
    def test_quality_follows_the_severity_bits(self, bench, observe, status, word):
        """The two highest bits of the status code are the quality; the whole code is kept."""
        bench.one(observe(1, 0.5, status=status))

        assert bench.has(LEVEL, TW.quality, Literal(word))
        assert bench.has(LEVEL, TW.statusCode, Literal(status))

    def test_implausible_values_are_marked_not_dropped(self, bench, observe):
        """A value outside the EURange enters and is marked; the mark goes with the next plausible value."""
        bench.one(observe(1, 7.0))
        marked = bench.has(LEVEL, TW.implausible, TRUE)

        bench.one(observe(1, 0.5, at_us=NOW_US + 1))

        assert marked
        assert not bench.has(LEVEL, TW.implausible, TRUE)

    def test_not_a_number_is_marked_and_leaves_the_last_value(self, bench, observe):
        """NaN never becomes a value that rules could compare."""
        bench.one(observe(1, 0.5))

        bench.one(observe(1, float("nan"), at_us=NOW_US + 1))

        assert bench.has(FILLER, TW.fillRatio, double_literal(0.5))
        assert bench.has(LEVEL, TW.implausible, TRUE)

    def test_unknown_tag_loses_nothing_else(self, bench, observe):
        """A reading of a tag that nobody bound is refused by itself."""
        verdicts = bench.gate.process([observe(99, 1.0), observe(2, 400.0)])

        assert [verdict.admitted for verdict in verdicts] == [False, True]

    def test_flags_are_kept_in_history(self, bench, observe):
        """What the link says about a sample stays with it."""
        bench.one(observe(1, 0.5, flags=ReadingFlag.INITIAL))

        assert bench.recorder.samples[0][1].flags == ReadingFlag.INITIAL


class TestAuthority:
    @pytest.mark.parametrize("role", [Role.AGENT, Role.OPERATOR, Role.CLOCK, Role.VIEWER, Role.MEASURE, Role.GATEWAY])
    def test_nobody_but_the_link_observes(self, bench, observe, role):
        """A client that poses as an observation is refused with its role named."""
        change = replace(observe(2, 400.0), source=Source(URIRef("urn:test:x"), role))

        verdict = bench.one(change)

        assert not verdict.admitted
        assert verdict.reasons[0].code == "not-authorised"
        assert role.value in verdict.reasons[0].sentence

    def test_an_agent_can_not_touch_policy(self, bench):
        """No agent grants itself anything."""
        quad = Quad(SET, TW.writeGrant, URIRef("urn:x"), GraphName.POLICY)
        change = Change(Kind.PROPOSAL, Source(URIRef("urn:test:agent"), Role.AGENT), adds=(quad,))

        assert bench.one(change).reasons[0].code == "not-authorised"

    def test_a_request_can_not_carry_its_own_approval(self, bench, request_of):
        """Only the Gate says who approved."""
        verdict = bench.one(request_of(400.0, adds=((TW.approvals, Literal(2)),)))

        assert verdict.reasons[0].code == "not-authorised"

    def test_an_operator_can_not_edit_the_model(self, bench):
        """Editing needs an engineer."""
        quad = Quad(FILLER, TW.maxSpeed, double_literal(900.0), GraphName.PLANT)

        assert bench.one(Change(Kind.EDIT, OLGA, adds=(quad,))).reasons[0].code == "not-authorised"

    def test_an_edit_can_not_say_what_only_telemetry_says(self, bench):
        """A value of a bound property in the model would stand in for the controller's word."""
        engineer = Source(URIRef("urn:test:emil"), Role.ENGINEER)
        quad = Quad(FILLER, PACK.machSpeed, double_literal(400.0), GraphName.PLANT)

        assert bench.one(Change(Kind.EDIT, engineer, adds=(quad,))).reasons[0].code == "bad-change"

    def test_freeze_is_lifted_by_hand_not_made(self, bench):
        """A person may end a freeze but not assert one."""
        quad = Quad(SET, TW.frozen, TRUE, GraphName.DESIRED)

        assert bench.one(Change(Kind.MANUAL, OLGA, adds=(quad,))).reasons[0].code == "bad-change"


class TestBlankNodes:
    def edit(self, *adds: Quad, removes: tuple[Quad, ...] = ()) -> Change:
        engineer = Source(URIRef("urn:test:emil"), Role.ENGINEER)
        return Change(Kind.EDIT, engineer, adds=adds, removes=removes)

    def test_same_label_in_two_changes_is_two_nodes(self, bench):
        """A label belongs to its document."""
        quad = Quad(BNode("b0"), TW.maxSpeed, double_literal(1.0), GraphName.PLANT)
        bench.gate.process([self.edit(quad), self.edit(quad)])

        node = bench.gate.graph.terms.node
        subjects = list(bench.gate.graph.subjects(node(TW.maxSpeed), 1.0))
        assert len(subjects) == 2

    def test_same_label_in_one_change_is_one_node(self, bench):
        """Inside a document a label means the same node everywhere."""
        quads = [Quad(BNode("b0"), p, double_literal(1.0), GraphName.PLANT) for p in (TW.maxSpeed, TW.minSpeed)]
        bench.one(self.edit(*quads))

        node = bench.gate.graph.terms.node
        (highest,) = bench.gate.graph.subjects(node(TW.maxSpeed), 1.0)
        assert bench.gate.graph.has(highest, node(TW.minSpeed), 1.0)

    def test_removal_can_not_name_one(self, bench):
        """A removal of a blank node would remove nothing or the wrong thing."""
        quad = Quad(BNode("b0"), TW.maxSpeed, double_literal(1.0), GraphName.PLANT)

        assert bench.one(self.edit(removes=(quad,))).reasons[0].code == "bad-change"


class TestRequests:
    def test_admitted_request_is_in_flight(self, bench, request_of, observe):
        """The node stands in `desired` with author, prior value and step; the target is pending."""
        bench.one(observe(3, 380.0))
        change = request_of(400.0)

        verdict = bench.one(change)

        node = URIRef(change.id)
        assert verdict.admitted
        assert bench.has(node, RDF.type, TW.AdmittedRequest)
        assert bench.has(node, TW.author, OLGA.author)
        assert bench.has(node, TW.priorValue, double_literal(380.0))
        assert bench.has(node, TW.step, double_literal(20.0))
        assert bench.has(SET, TW.pending, TRUE)

    def test_desired_value_is_never_claimed_as_reported(self, bench, request_of):
        """The state graph says nothing that the controller did not say."""
        bench.one(request_of(400.0))

        assert not bench.has(FILLER, PACK.setMachSpeed, double_literal(400.0))

    def test_request_beyond_a_limit_is_refused_on_the_projection(self, bench, request_of):
        """With the desired value in place of the reported one the shape is violated: refused, and nothing remains."""
        before = bench.contents()

        verdict = bench.one(request_of(500.0))

        assert not verdict.admitted
        assert verdict.reasons[0].code == "LIM"
        assert verdict.reasons[0].finding.focus == FILLER
        assert bench.contents() == before
        assert bench.recorder.entries[-1].kind is EntryKind.REFUSAL

    def test_dry_run_leaves_nothing(self, bench, request_of):
        """A dry run gives the verdict, and neither graph nor journal know of it."""
        before = bench.contents()

        verdict = bench.gate.dry_run(request_of(500.0))

        assert verdict.dry_run
        assert not verdict.admitted
        assert bench.contents() == before
        assert bench.recorder.entries == []
        assert bench.gate.dry_run(request_of(400.0)).admitted
        assert bench.contents() == before

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (float("nan"), "bad-value"),
            (float("inf"), "bad-value"),
            (Literal("fast"), "bad-value"),
            (Literal(True), "bad-value"),
            (URIRef("urn:x"), "bad-value"),
        ],
    )
    def test_values_that_are_no_speed_are_refused(self, bench, request_of, value, code):
        """Wrong types, NaN and infinity never come near a shape."""
        assert bench.one(request_of(value)).reasons[0].code == code

    def test_integer_speed_becomes_the_propertys_type(self, bench, request_of):
        """A whole number is a speed; it is written as the property's data type."""
        change = request_of(Literal(400))

        assert bench.one(change).admitted
        assert bench.has(URIRef(change.id), TW.desiredValue, double_literal(400.0))

    def test_unknown_and_unwritable_targets(self, bench, request_of):
        """Each is refused with a code of its own."""
        unknown = bench.one(request_of(1.0, target=URIRef("urn:nowhere")))
        unwritable = bench.one(request_of(0.5, target=LEVEL))

        assert unknown.reasons[0].code == "unknown-node"
        assert unwritable.reasons[0].code == "not-writable"

    def test_expired_request(self, bench, request_of):
        """A request past its time does nothing."""
        past = Literal("2020-01-01T00:00:00Z", datatype=URIRef("http://www.w3.org/2001/XMLSchema#dateTime"))

        assert not bench.one(request_of(400.0, adds=((TW.expiresAt, past),))).admitted

    def test_changed_read_set(self, bench, request_of, observe):
        """What the decision rested on must still hold at commit, within its tolerance."""
        bench.one(observe(1, 0.5))
        near = Expected(FILLER, TW.fillRatio, double_literal(0.52), tolerance=0.05)
        far = Expected(FILLER, TW.fillRatio, double_literal(0.8), tolerance=0.05)

        assert bench.one(request_of(400.0, read_set=(far,))).reasons[0].code == "precondition-changed"
        assert bench.one(request_of(400.0, read_set=(near,))).admitted

    def test_unrelated_readings_do_not_invalidate_a_request(self, bench, request_of, observe):
        """A thousand readings later the read set still holds, and so does the request."""
        bench.one(observe(1, 0.5))
        change = request_of(400.0, read_set=(Expected(FILLER, TW.fillRatio, double_literal(0.5), tolerance=0.01),))
        bench.gate.process([observe(2, float(n % 100), at_us=NOW_US + n) for n in range(1000)])

        assert bench.one(change).admitted

    def test_absence_in_a_read_set(self, bench, request_of, observe):
        """A precondition may be that something is not so."""
        absent = Expected(LEVEL, TW.implausible, TRUE, present=False)
        bench.one(observe(1, 7.0))

        assert bench.one(request_of(400.0, read_set=(absent,))).reasons[0].code == "precondition-changed"

    def test_standing_shape_holds_requests_back(self, make_bench, request_of, observe):
        """While a standing shape is violated in its scope, a request that did not cause it is refused all the same."""
        bench = make_bench(standing=frozenset({SHAPE}))
        bench.one(observe(2, 500.0))

        verdict = bench.one(request_of(400.0))

        assert not verdict.admitted
        assert verdict.reasons[0].code == "LIM"
        bench.one(observe(2, 400.0, at_us=NOW_US + 1))
        assert bench.one(request_of(400.0)).admitted

    def test_remedial_rule_passes_a_standing_shape(self, make_bench, request_of, observe):
        """The policy, not the sender, says which rule is remedial."""
        bench = make_bench(standing=frozenset({SHAPE}))
        rule = URIRef("urn:test:rule")
        engineer = Source(URIRef("urn:test:emil"), Role.ENGINEER)
        bench.one(Change(Kind.EDIT, engineer, adds=(Quad(rule, TW.remedial, TRUE, GraphName.POLICY),)))
        bench.one(observe(2, 500.0))

        assert bench.one(request_of(400.0, adds=((TW.rule, rule),))).admitted


class TestApprovals:
    def approve(self, person: Source, binds: str, meaning: str = "approve", expires_us: int = NOW_US + 10**7) -> Change:
        return Change(
            Kind.APPROVAL, person, detail={"meaning": meaning, "binds": binds, "expires_us": expires_us}, at_us=NOW_US
        )

    def test_counted_by_the_gate_and_used_once(self, bench, request_of):
        """The Gate counts approvals of other persons for exactly this change, and uses them up."""
        binds = binding_hash(SET, term_text(double_literal(400.0)), (), "r1")
        bench.one(self.approve(SAM, binds))
        first, second = request_of(400.0), request_of(400.0)

        bench.one(first)
        bench.one(second)

        assert bench.has(URIRef(first.id), TW.approvals, Literal(1))
        assert bench.has(URIRef(first.id), TW.approvedBy, SAM.author)
        assert bench.has(URIRef(second.id), TW.approvals, Literal(0))

    def test_bound_to_the_exact_value(self, bench, request_of):
        """An approval of 400 is none of 401."""
        bench.one(self.approve(SAM, binding_hash(SET, term_text(double_literal(400.0)), (), "r1")))
        change = request_of(401.0)
        bench.one(change)

        assert bench.has(URIRef(change.id), TW.approvals, Literal(0))

    def test_own_approval_counts_for_nothing(self, bench, request_of):
        """Who asks may not approve."""
        bench.one(self.approve(OLGA, binding_hash(SET, term_text(double_literal(400.0)), (), "r1")))
        change = request_of(400.0)
        bench.one(change)

        assert bench.has(URIRef(change.id), TW.approvals, Literal(0))

    def test_expired_and_rejected(self, bench, request_of):
        """Expiry means blocked, and a rejection takes an approval back."""
        binds = binding_hash(SET, term_text(double_literal(400.0)), (), "r1")
        expired = bench.one(self.approve(SAM, binds, expires_us=NOW_US))
        bench.one(self.approve(SAM, binds))
        bench.one(self.approve(SAM, binds, meaning="reject"))
        change = request_of(400.0)
        bench.one(change)

        assert expired.reasons[0].code == "approval-invalid"
        assert bench.has(URIRef(change.id), TW.approvals, Literal(0))

    def test_refused_request_does_not_use_an_approval(self, bench, request_of):
        """A dry run or a refusal leaves the approval for the request that passes."""
        binds = binding_hash(SET, term_text(double_literal(400.0)), (), "r1")
        bench.one(self.approve(SAM, binds))
        bench.gate.dry_run(request_of(400.0))
        change = request_of(400.0)
        bench.one(change)

        assert bench.has(URIRef(change.id), TW.approvals, Literal(1))


class TestRecording:
    def test_seq_counts_admitted_changes(self, bench, observe, request_of):
        """Each admitted Change has its own seq; a refusal is judged at the seq it saw."""
        verdicts = bench.gate.process([observe(2, 1.0), request_of(900.0), observe(2, 2.0, at_us=NOW_US + 1)])

        assert [(v.admitted, v.seq) for v in verdicts] == [(True, 1), (False, 1), (True, 2)]

    def test_calm_readings_need_no_entry_of_their_own(self, bench, observe):
        """History and its seal keep values; the journal has entries only for what else changed."""
        bench.one(observe(2, 400.0))
        entries = len(bench.recorder.entries)

        bench.one(observe(2, 401.0, at_us=NOW_US + 1))

        assert len(bench.recorder.entries) == entries

    def test_nothing_is_acknowledged_that_could_not_be_recorded(self, bench, observe, request_of):
        """Requests stop, observation goes on unsealed, and what was admitted in the failed batch is taken back."""
        bench.recorder.failing = True

        verdicts = bench.gate.process([observe(2, 400.0), request_of(400.0)])

        assert [verdict.admitted for verdict in verdicts] == [True, False]
        assert verdicts[1].reasons[0].code == "record-failed"
        assert not bench.has(SET, TW.pending, TRUE)
        assert bench.has(FILLER, PACK.machSpeed, double_literal(400.0))
        assert len(bench.recorder.unsealed) == 1

    def test_requests_resume_once_recording_works(self, bench, observe, request_of):
        """A batch that can be recorded ends the unsealed time."""
        bench.recorder.failing = True
        bench.one(observe(2, 400.0))
        bench.recorder.failing = False

        assert not bench.one(request_of(400.0)).admitted
        assert bench.one(request_of(400.0)).admitted

    def test_published_after_it_is_recorded(self, bench, request_of):
        """Subscribers see a Change only when its entry is durable."""
        seen = []

        class Watcher:
            def published(self, event):
                seen.append(len(bench.recorder.entries))

        bench.gate.subscribe(Watcher())
        bench.one(request_of(400.0))

        assert seen == [1]

    def test_journal_bodies_hold_no_floats(self, bench, observe, request_of):
        """Every reader must hash the same bytes, so numbers are texts or integers."""
        bench.gate.process([observe(2, 500.0), request_of(600.0, detail={"x": 0.1, "y": [1.5]})])

        def floats(value: object) -> bool:
            if isinstance(value, dict):
                return any(map(floats, value.values()))
            return isinstance(value, float) or (isinstance(value, list) and any(map(floats, value)))

        assert bench.recorder.entries
        assert not any(floats(dict(entry.body)) for entry in bench.recorder.entries)


class TestStops:
    def stop(self, scope: URIRef, mode: URIRef) -> Change:
        return Change(Kind.STOP, OLGA, adds=(Quad(scope, TW.stopped, mode, GraphName.POLICY),))

    def test_scope_must_exist(self, bench):
        """A stop for a scope that does not exist would stop nothing, so it is an error."""
        assert bench.one(self.stop(URIRef("urn:nowhere"), TW.NoWrites)).reasons[0].code == "unknown-node"

    def test_mode_must_exist(self, bench):
        """A mode nobody knows would stop nothing either."""
        assert bench.one(self.stop(TW.Plant, URIRef("urn:mode"))).reasons[0].code == "bad-change"

    def test_global_and_equipment(self, bench):
        """The plant as a whole and any equipment can be stopped."""
        assert bench.one(self.stop(TW.Plant, TW.NoWrites)).admitted
        assert bench.one(self.stop(FILLER, TW.ReadOnly)).admitted
