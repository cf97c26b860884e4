"""What a client with a valid token may send without harm to the core."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from rdflib import RDF, XSD, BNode, Literal, URIRef

from api.core.incoming import LONGEST, LONGEST_DETAIL, LONGEST_PROOF, MOST_QUADS, incoming
from kg.change import Change, ChangeId, Expected, Kind, Published, Quad, Role, Source, Verdict
from kg.errors import BadChange, BadValue
from kg.gate import binding_hash
from kg.names import GraphName
from kg.opcua import Dispatcher
from kg.opcua.facts import instant
from kg.terms import double_literal, term_text
from kg.wire import change_to_json
from ontology import PACK, TW

BOT = "https://w3id.org/twinwright/plants/bottling#"
FILLER = URIRef(BOT + "Filler")
SET = URIRef(BOT + "Filler.SetMachSpeed")
EASE_OFF = URIRef(BOT + "EaseOff")
CATCH_UP = URIRef(BOT + "CatchUp")
START_US = 1_800_000_000_000_000
MEASURES = Source(URIRef("urn:twinwright:measures"), Role.MEASURE)
SAM = Source(URIRef(BOT + "sam"), Role.SUPERVISOR)


def nested(levels: int) -> dict[str, object]:
    detail: dict[str, object] = {}
    for _ in range(levels):
        detail = {"a": detail}
    return detail


class TestTheWriterOutlives:
    def test_the_fixture_lets_a_sound_request_pass(self, core, olga):
        """Everything that is refused below is refused for its own reason."""
        assert core.one(core.request(350.0, olga)).admitted

    def test_text_in_a_read_set_with_a_tolerance(self, core, olga):
        """What is not a number has nothing near it: a refusal, no crash."""
        line = Expected(FILLER, PACK.stateCurrent, Literal("abc"), True, 0.1)

        assert core.one(core.request(350.0, olga, read_set=(line,))).reasons[0].code == "bad-value"

    def test_a_whole_number_beyond_every_double(self, core, olga):
        """Four hundred digits are no speed."""
        change = core.request(350.0, olga)
        huge = Literal("9" * 400, datatype=XSD.integer)
        adds = tuple(quad._replace(o=huge) if quad.p == TW.desiredValue else quad for quad in change.adds)

        assert core.one(replace(change, adds=adds)).reasons[0].code == "bad-value"

    def test_an_approval_that_never_expires(self, core, olga):
        """An infinite expiry is malformed."""
        detail = {"meaning": "approve", "binds": "x", "expires_us": float("inf")}

        assert core.one(Change(Kind.APPROVAL, olga, detail=detail)).reasons[0].code == "bad-change"

    def test_an_error_of_our_own_is_a_refusal(self, core, olga, monkeypatch):
        """A Change that breaks the twin's code is refused and leaves nothing; the next one is judged."""

        def broken(transaction: object) -> None:
            raise ZeroDivisionError

        before = len(core.gate.graph)
        with monkeypatch.context() as patch:
            patch.setattr(core.gate.shapes, "check", broken)
            verdict = core.one(core.request(350.0, olga))

        assert [reason.code for reason in verdict.reasons] == ["internal"]
        assert len(core.gate.graph) == before
        assert core.one(core.request(350.0, olga)).admitted

    async def test_an_unforeseen_error_of_the_disk(self, core, olga, send, monkeypatch):
        """Whatever keeps a batch from the record, the request is refused and the runner goes on."""

        def broken(*_: object) -> None:
            raise OverflowError("too large for SQLite")

        monkeypatch.setattr(core.gate.recorder, "record", broken)
        answer = await send("submit", {"change": change_to_json(core.request(350.0, olga))}, olga)

        assert answer["reasons"][0]["code"] == "record-failed"
        assert not core.has(SET, TW.pending, Literal(True))

    @pytest.mark.parametrize(
        "more",
        [
            {"id": 5},
            {"id": ""},
            {"cause": ["x"]},
            {"reason": {"x": 1}},
            {"plant_us": 10**30},
            {"plant_us": -1},
            {"detail": [["a", 1]]},
            {"detail": nested(600)},
            {"adds": ["x"]},
            {"read_set": {"x": 1}},
            {"adds": "x" * (5 << 20)},
        ],
    )
    def test_messages_of_the_wrong_shape(self, olga, more):
        """Wrong types, numbers that no record holds, deep nesting and huge bodies are refused at the door."""
        quad = Quad(URIRef("urn:x"), TW.stage, Literal("x"), GraphName.DECISIONS)
        body = change_to_json(Change(Kind.PROPOSAL, olga, adds=(quad,))) | more

        with pytest.raises(BadChange):
            incoming(body, olga)

    @pytest.mark.parametrize(("adds", "removes"), [(MOST_QUADS + 1, 0), (1, MOST_QUADS), (0, MOST_QUADS + 1)])
    def test_more_quads_than_the_core_judges_at_once(self, olga, agent, adds, removes):
        """Adds and removes are counted together, and before anything is parsed: the lines here are no N-Quads."""
        body = {"kind": "edit", "id": "urn:x", "adds": "x\r\n" * adds, "removes": "x\n" * removes}

        for source in (olga, agent):
            with pytest.raises(BadChange, match="send several Changes"):
                incoming(body, source)

    def test_as_many_quads_as_the_core_judges_at_once(self, olga):
        """The bound itself is allowed; blank lines do not count."""
        quads = [Quad(URIRef(f"urn:x{n}"), TW.stage, Literal("x"), GraphName.KPI) for n in range(MOST_QUADS)]
        body = change_to_json(Change(Kind.MANUAL, olga, adds=tuple(quads[1:]), removes=tuple(quads[:1])))

        change = incoming(body | {"adds": f"\n\n{body['adds']}\r\n\n"}, olga)

        assert len(change.adds) + len(change.removes) == MOST_QUADS

    @pytest.mark.parametrize("field", ["read_set", "readings"])
    def test_long_lists(self, olga, field):
        """A read set is bounded like quads, and so are readings, which no client may send at all."""
        body = {"kind": "edit", "id": "urn:x", field: [None] * (MOST_QUADS + 1)}

        with pytest.raises(BadChange, match=f"{MOST_QUADS}.*send several Changes"):
            incoming(body, olga)

    def test_a_large_detail(self, olga, agent):
        """A detail goes to everybody who follows; an agent's carries its proof and may be longer."""
        body = change_to_json(Change(Kind.PROPOSAL, agent))
        long, longer = ({"note": "é" * (most // 2)} for most in (LONGEST_DETAIL, LONGEST_PROOF))

        assert incoming(body | {"detail": long}, agent).detail == long
        with pytest.raises(BadChange, match="send several Changes"):
            incoming(body | {"detail": long}, olga)
        with pytest.raises(BadChange, match="send several Changes"):
            incoming(body | {"detail": longer}, agent)

    def test_an_importer_sends_a_model(self):
        """A plant's model comes in one piece: importers keep the bound of characters."""
        importer = Source(URIRef("urn:x:importer"), Role.IMPORTER)
        quads = (Quad(URIRef(f"urn:x{n}"), TW.stage, Literal("x"), GraphName.PLANT) for n in range(2 * MOST_QUADS))
        body = change_to_json(Change(Kind.EDIT, importer, adds=tuple(quads)))

        assert len(incoming(body, importer).adds) == 2 * MOST_QUADS
        with pytest.raises(BadChange, match="characters"):
            incoming(body | {"adds": "\n" * (LONGEST + 1)}, importer)

    async def test_a_history_without_end(self, send, olga):
        """A negative limit would fetch everything at once."""
        body = {"property": SET, "from_us": 0, "to_us": 2**60, "limit": -1}

        with pytest.raises(BadValue):
            await send("history", body, olga)


class TestNobodySaysWhatTimeItIs:
    async def test_an_old_date_does_not_revive_an_expired_approval(self, core, olga, send):
        """The Gate's clock dates what a client sends; an approval that has expired stays expired."""
        binds = binding_hash(SET, term_text(double_literal(350.0)), (), core.gate.release.hash)
        expires_us = core.now_us + 1_000_000
        core.one(Change(Kind.APPROVAL, SAM, detail={"meaning": "approve", "binds": binds, "expires_us": expires_us}))
        core.now_us += 2_000_000
        change = core.request(350.0, olga, at_us=core.now_us - 2_000_000)

        await send("submit", {"change": change_to_json(change)}, olga)

        assert core.has(URIRef(change.id), TW.approvals, Literal(0))

    @pytest.mark.parametrize("at_us", [-(10**17), 10**30])
    async def test_impossible_dates(self, core, olga, send, at_us):
        """A date that no calendar holds is not taken over."""
        change = core.request(350.0, olga, at_us=at_us)

        assert (await send("submit", {"change": change_to_json(change)}, olga))["admitted"]

    def test_plant_time_is_the_links(self, core, agent):
        """An agent's idea of plant time does not become the twin's."""
        before = core.gate.plant_us
        quad = Quad(URIRef("urn:x"), TW.stage, Literal("x"), GraphName.DECISIONS)

        core.one(Change(Kind.PROPOSAL, agent, adds=(quad,), plant_us=2**60))

        assert core.gate.plant_us == before


class TestAuthority:
    @pytest.mark.parametrize("kind", [Kind.MEASURE, Kind.MANUAL])
    def test_autonomy_is_no_kpi(self, core, agent, olga, kind):
        """Rules read the graph kpi too, so an agent's level can't be raised there."""
        facts = [
            (RDF.type, TW.Autonomy),
            (TW.ofAgent, agent.author),
            (TW.ofRule, CATCH_UP),
            (TW.hasScope, FILLER),
            (TW.level, Literal("autonomous")),
        ]
        adds = tuple(Quad(URIRef("urn:mine"), p, o, GraphName.KPI) for p, o in facts)

        verdict = core.one(Change(kind, MEASURES if kind is Kind.MEASURE else olga, adds=adds))
        request = core.one(core.request(350.0, agent, CATCH_UP))

        assert verdict.reasons[0].code == "not-authorised"
        assert "PERM-AUTONOMY" in {reason.code for reason in request.reasons}

    @pytest.mark.parametrize(
        ("predicate", "value"), [(TW.siteRemote, True), (TW.twinEnable, True), (TW.remedial, True)]
    )
    def test_what_only_telemetry_and_policy_say_is_no_kpi(self, core, predicate, value):
        """A permissive can't be faked beside the reported value."""
        quad = Quad(FILLER, predicate, Literal(value), GraphName.KPI)

        assert core.one(Change(Kind.MEASURE, MEASURES, adds=(quad,))).reasons[0].code == "not-authorised"

    def test_nothing_but_losses_is_made_in_kpi(self, core):
        """A type makes a node a target of shapes and rules."""
        quad = Quad(URIRef("urn:mine"), RDF.type, TW.Request, GraphName.KPI)

        assert core.one(Change(Kind.MEASURE, MEASURES, adds=(quad,))).reasons[0].code == "not-authorised"

    @pytest.mark.parametrize("level", ["nonsense", "autonomous"])
    def test_a_level_is_held_by_a_grant(self, core, level):
        """A supervisor moves the levels of grants; a node that is no grant of an agent gets none."""
        quad = Quad(URIRef("urn:mine"), TW.level, Literal(level), GraphName.POLICY)

        verdict = core.one(Change(Kind.EDIT, SAM, adds=(quad,), reason="mine"))

        assert [reason.code for reason in verdict.reasons] == ["GOV-LEVEL-GRANT"]

    def test_a_grant_has_a_known_level(self, core, bottling):
        """A word that is no level is refused on a grant, too."""
        grant = URIRef(f"{CATCH_UP}.Autonomy")
        held = bottling.graphs[GraphName.POLICY].value(grant, TW.level)
        adds, removes = ((Quad(grant, TW.level, level, GraphName.POLICY),) for level in (Literal("nonsense"), held))

        verdict = core.one(Change(Kind.EDIT, SAM, adds=adds, removes=removes, reason="mine"))

        assert [reason.code for reason in verdict.reasons] == ["GOV-AUTONOMY-LEVEL"]

    def test_the_record_of_decisions_only_grows(self, core, agent):
        """An agent can't take out what the gateway has recorded."""
        quad = Quad(URIRef("urn:r#outcome"), TW.stage, Literal("refused"), GraphName.DECISIONS)

        assert core.one(Change(Kind.PROPOSAL, agent, removes=(quad,))).reasons[0].code == "not-authorised"

    def test_naming_a_remedial_rule_is_not_enough(self, core, olga):
        """While the fill weight is out of control nobody speeds up in the name of a rule that slows down."""
        core.now_us += 1_000_000
        core.read(URIRef(BOT + "Filler.FillWeightInControl"), False)

        verdict = core.one(core.request(350.0, olga, EASE_OFF))

        assert "LIM-FILL-WEIGHT" in {reason.code for reason in verdict.reasons}


class TestRequestsThatCouldNotEnd:
    def test_blank_nodes_in_a_request(self, core, olga):
        """A blank node could not be removed with the request, so its outcome would never be recorded."""
        verdict = core.one(core.request(350.0, olga, facts=[(TW.goal, BNode("b"))]))

        assert verdict.reasons[0].code == "bad-change"

    async def test_an_earlier_write_under_the_same_id_proves_nothing(self):
        """The gateway says again how the first one ended; the second was not carried out and ends as blocked."""
        node, changes, told = URIRef("urn:uuid:used"), list[Change](), asyncio.Event()
        written = {"outcome": "confirmed", "code": "confirmed", "sentence": "", "value": 350.0, "written": True}

        class Gateway:
            async def call(self, name: str, body: object, timeout_s: float = 0) -> dict[str, object]:
                return {}

            async def stream(self, name: str, body: object) -> AsyncIterator[dict[str, object]]:
                yield written

        async def submit(change: Change) -> Verdict:
            changes.append(change)
            told.set()
            return Verdict(change.id, True, 1, "r")

        facts = [
            (RDF.type, TW.AdmittedRequest),
            (TW.target, SET),
            (TW.desiredValue, double_literal(420.0)),
            (TW.priorValue, double_literal(300.0)),
            (TW.author, SAM.author),
            (TW.expiresAt, instant(START_US + 30_000_000)),
        ]
        quads = tuple(Quad(node, p, o, GraphName.DESIRED) for p, o in facts)
        dispatcher = Dispatcher(Gateway(), submit, 1, lambda: START_US)  # type: ignore[arg-type]
        running = asyncio.create_task(dispatcher.run())
        dispatcher.published(Published(1, "r", Kind.REQUEST, ChangeId(node), "a", None, 0, 0, quads, ()))
        await asyncio.wait_for(told.wait(), 5)
        dispatcher.close()
        await asyncio.wait_for(running, 5)

        assert [change.detail["outcome"] for change in changes] == ["blocked"]
        assert not any(quad.p == TW.desired for quad in changes[0].adds)


class TestIds:
    @pytest.mark.parametrize("ident", ["", "x", "urn:uuid:a b", "urn:x:<a>", "urn:x:" + "a" * 300, 'urn:x:"'])
    def test_an_id_is_an_iri(self, olga, core, ident):
        """It becomes a node of the graph and of the provenance."""
        body = change_to_json(replace(core.request(350.0, olga), id=ChangeId(ident)))

        with pytest.raises(BadChange, match="id of a Change"):
            incoming(body, olga)

    async def test_nobody_speaks_under_an_id_that_is_on_record(self, core, agent, olga, send):
        """A person's request under the id of an agent's decision would become part of its story."""
        note = Quad(URIRef("urn:a#1"), TW.stage, Literal("reasoned"), GraphName.DECISIONS)
        proposal = Change(Kind.PROPOSAL, agent, adds=(note,), detail={"stage": "reasoned"})
        request = core.request(350.0, olga, id=proposal.id)

        assert core.one(proposal).admitted
        with pytest.raises(BadChange, match="on record already"):
            await send("submit", {"change": change_to_json(request)}, olga)
