"""Explanations from the journal and history alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import RdfFormat, parse
from rdflib import PROV, RDF, RDFS, Graph, Literal, URIRef

from agents.explanation import Branch, Explanation, decisions, explain
from agents.explanation.brief import brief_lines
from agents.explanation.tree import Sort
from agents.words import absence_in_words
from kg.change import Change, ChangeId, Finding, Kind, Quad, Reading, Reason, Role, Severity, Source, new_id
from kg.errors import UnknownNode
from kg.history import History
from kg.journal import JournalReader
from kg.names import GraphName
from kg.terms import double_literal
from ontology import TW

EX = "https://example.org/line#"
SAMPLED = {"Belt.FillRatio": ("Float", 0.75), "Labeller.State": ("Int32", 11), "Filler.SetMachSpeed": ("Float", 400.0)}


@pytest.fixture
def history(tmp_path: Path, bench: Any) -> Any:
    """Two samples of each input: one before the decision, one after it."""
    with History.open(tmp_path / "history.sqlite") as history:
        tags = history.register_all({EX + name: kind for name, (kind, _) in SAMPLED.items()})
        samples = []
        for seq, at_us in ((5, bench.clock[0] - 1_000_000), (900, bench.clock[0] + 1_000_000)):
            for name, (_, value) in SAMPLED.items():
                later = value if seq == 5 else value + 1
                samples.append((seq, Reading(tags[EX + name], later, 0, at_us, at_us, at_us + 7, 0)))
        history.append(samples)
        yield history


def values(graph: Graph) -> set[Any]:
    """The triples, literals by data type and value: writers are free in the lexical forms of numbers."""
    return {(s, p, (o.datatype, o.value) if isinstance(o, Literal) else o) for s, p, o in graph}


async def committed(bench: Any) -> str:
    """A decision of the agent that went all the way; returns its id."""
    bench.level("autonomous")
    bench.begin("Slow", 300.0)
    await bench.desk.turn()
    request = bench.core.requests()[0]
    about = {"decision": request.detail["decision"], "request": request.id}
    source = Source(URIRef("urn:twinwright:gateway"), Role.GATEWAY)
    for told in (
        {"stage": "written", "ok": True, "status": 0},
        {"stage": "feedback", "ok": True, "value": 300.0},
        {"outcome": "confirmed", "value": 300.0, "sentence": "The feedback shows 300."},
    ):
        bench.pass_s(1)
        bench.core.submitted.append(
            Change(Kind.OUTCOME, source, cause=request.id, at_us=bench.clock[0], detail={**about, **told})
        )
    bench.outcome(outcome="confirmed", value=300.0)
    await bench.desk.turn()
    return str(request.detail["decision"])


def person(name: str = "olga") -> Source:
    return Source(URIRef(EX + name), Role.OPERATOR)


def request_by_person(at_us: int) -> Change:
    """A person's direct request; the change's id is the decision."""
    change = Change(Kind.REQUEST, person(), reason="I want it slow.", at_us=at_us)
    node = URIRef(change.id)
    facts = [
        (RDF.type, TW.Request),
        (TW.target, URIRef(EX + "Filler.SetMachSpeed")),
        (TW.desiredValue, double_literal(900.0)),
        (TW.input, URIRef(EX + "Belt.FillRatio")),
    ]
    adds = tuple(Quad(node, p, o, GraphName.DESIRED) for p, o in facts)
    return Change(Kind.REQUEST, person(), adds, reason="I want it slow.", at_us=at_us, id=change.id)


@pytest.fixture
async def told(bench: Any, history: Any, tmp_path: Path, journal_of: Any) -> Explanation:
    """The explanation of a committed decision."""
    ident = await committed(bench)
    journal_of(tmp_path / "journal.sqlite", bench.core.submitted)
    with JournalReader.open(tmp_path / "journal.sqlite") as journal:
        return explain(journal, history, ident)


async def test_one_sentence_says_what_and_what_became_of_it(told: Explanation) -> None:
    """Who proposed what, that it was written and confirmed, and who approved."""
    assert told.sentence == (
        "Line agent proposed: Run the filler at 300 instead of 400 per minute; 0.75 full."
        " It was written and the controller confirmed it. Approved by policy at level autonomous."
    )


async def test_every_reason_ends_in_a_sample_or_an_asserted_fact(told: Explanation) -> None:
    """The leaves are samples with time, status and node, or asserted facts with their graph."""
    leaves = {leaf.text: leaf for leaf in told.leaves()}

    assert told.is_complete
    belt = leaves["Belt.FillRatio = 75 %"]
    assert belt.facts["node_id"] == "nsu=x;s=5"
    assert belt.facts["status"] == "0x00000000"
    assert belt.facts["quality"] == "good"
    assert belt.facts["seq"] == 5
    assert str(belt.facts["source_time"]).endswith("Z")
    assert leaves["Belt capacity: 800 bottles"].facts["graph"] == "plant"
    assert leaves["Labeller expected to stand for another: 120 s"].facts["graph"] == "kpi"


async def test_the_tree_shows_every_step(told: Explanation) -> None:
    """Stages, request, writes and end stand in the order of the journal, each with its entry."""
    steps = [branch.text for branch in told.tree.branches if branch.sort == "step"]

    assert steps == [
        "reasoned",
        "checked",
        "simulated",
        "negotiated",
        "approved",
        "request admitted",
        "requested",
        "written",
        "feedback",
        "confirmed",
        "committed",
    ]
    assert json.loads(json.dumps(told.to_json()))["tree"]["branches"]
    assert "Why: the condition held" in told.text(full=True)
    assert "      Belt.FillRatio = 75 %  [source_time " in told.text(full=True)


async def test_people_get_values_with_quality_and_plant_time(told: Explanation) -> None:
    """The text has one short line for each reason and step: no IRI, hash or status code; --full has them."""
    text = told.text()

    assert re.search(r"^ +\S.* = 75 %  \(good, plant time \d\d:\d\d:\d\d\)$", text, re.MULTILINE)
    assert re.search(r"^  \d\d:\d\d:\d\d  written to the controller  \(write gateway\)$", text, re.MULTILINE)
    assert re.findall(r"https?:|urn:|0x0|nsu=", text) == [], text
    assert re.search(r"urn:uuid:.*0x00000000.*nsu=x", told.text(full=True), re.DOTALL)


def test_the_same_grounds_are_told_once_and_absences_in_words() -> None:
    """A second fact of the same rule refers to the first; a pattern that matched nothing reads like a fact."""
    sample = Branch(Sort.SAMPLE, "Line: product = A", {"label": "Line: product", "quality": "good"})
    pattern = f"NOT EXISTS {{ <{EX}Labeller> <{EX}equipmentBlocked> true . }}"
    absence = Branch(Sort.ABSENCE, absence_in_words(pattern), {"pattern": pattern})
    facts = [Branch(Sort.INFERRED, name, {}, (sample, absence)) for name in ("rated speed: 400", "max speed: 410")]

    lines = list(brief_lines(Branch(Sort.DECISION, "Slow down.", {}, (Branch(Sort.NOTE, "Why", {}, tuple(facts)),))))

    assert lines == [
        "Slow down.",
        "  Why",
        "    rated speed: 400",
        "      Line: product = A  (good)",
        "      Not so: Labeller equipment blocked",
        "    max speed: 410",
        "      on the same grounds as above",
    ]


async def test_activities_have_times_and_links(told: Explanation) -> None:
    """Each activity has start <= end, an agent, something used and something generated."""
    graph = told.provenance

    activities = set(graph.subjects(RDF.type, PROV.Activity))
    assert len(activities) == 11
    for activity in activities:
        (started,), (ended,) = graph.objects(activity, PROV.startedAtTime), graph.objects(activity, PROV.endedAtTime)
        assert started.value <= ended.value
        assert list(graph.objects(activity, PROV.used))
        assert list(graph.objects(activity, PROV.generated))
        assert list(graph.objects(activity, PROV.wasAssociatedWith))


async def test_the_document_describes_what_it_points_to(told: Explanation) -> None:
    """Every IRI that is an object, classes apart, is a subject with a label in the same document."""
    graph = told.provenance

    pointed = {o for _, p, o in graph if isinstance(o, URIRef) and p != RDF.type}

    assert pointed
    assert [node for node in pointed if not list(graph.objects(node, RDFS.label)) and "#" not in node] == []
    assert [node for node in pointed if (node, None, None) not in graph] == []


async def test_the_way_leads_from_the_write_back_to_the_samples(told: Explanation) -> None:
    """Following used, generated and derived from the last activity one arrives at a sample with value and time."""
    graph = told.provenance
    last = max(graph.subjects(RDF.type, PROV.Activity), key=lambda a: graph.value(a, PROV.endedAtTime).value)  # type: ignore[union-attr]

    seen, ahead = set(), [last]
    while ahead:
        node = ahead.pop()
        for predicate in (PROV.used, PROV.wasDerivedFrom, PROV.wasGeneratedBy):
            for following in graph.objects(node, predicate):
                if following not in seen:
                    seen.add(following)
                    ahead.append(following)

    values = {graph.value(node, PROV.value) for node in seen if graph.value(node, PROV.generatedAtTime) is not None}
    assert Literal(11) in values


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # rdflib's own JSON-LD reader
async def test_provenance_survives_both_serialisations(told: Explanation) -> None:
    """Turtle and JSON-LD read back as the same graph."""
    from_turtle = Graph().parse(data=told.turtle(), format="turtle")
    from_json_ld = Graph().parse(data=told.json_ld(), format="json-ld")

    assert values(from_turtle) == values(told.provenance)
    assert values(from_json_ld) == values(told.provenance)


async def test_a_refusal_names_shape_focus_value_and_a_sentence(
    bench: Any, history: Any, tmp_path: Path, journal_of: Any
) -> None:
    """A person's refused request: the sentence names the shape, its focus node and the value."""
    change = request_by_person(bench.clock[0])
    focus, shape = URIRef(EX + "Filler"), URIRef("https://w3id.org/twinwright/shapes#LIM-SPEED-MAX")
    finding = Finding(
        focus,
        shape,
        URIRef("http://www.w3.org/ns/shacl#MaxInclusiveConstraintComponent"),
        "p",
        double_literal(900.0),
        Severity.VIOLATION,
        "Faster than the machine may run.",
        "LIM-SPEED-MAX",
        460.0,
    )
    refused = {change.id: (Reason("LIM-SPEED-MAX", "Faster than the machine may run.", finding),)}
    journal_of(tmp_path / "journal.sqlite", [change], refused)

    with JournalReader.open(tmp_path / "journal.sqlite") as journal:
        told = explain(journal, history, change.id)

    assert told.sentence == (
        "olga asked to set Filler.SetMachSpeed to 900/min (I want it slow.). It was refused:"
        " Faster than the machine may run. (Shape LIM-SPEED-MAX on Filler, value 900.)"
    )
    (found,) = [branch for branch in told.tree.walk() if branch.sort == "finding"]
    assert found.facts["distance"] == "460.0"
    assert told.is_complete
    assert (URIRef(EX + "olga"), RDF.type, PROV.Person) in told.provenance


async def test_a_strange_stage_does_not_break_the_document(bench: Any, tmp_path: Path, journal_of: Any) -> None:
    """Whatever an agent calls a step, its IRI is one, and the document can be written and read."""
    ident = await committed(bench)
    steps = [change for change in bench.core.submitted if change.kind is Kind.PROPOSAL]
    odd = 'a b> . <urn:x> <urn:y> "é\n#'
    strange = replace(steps[-1], id=new_id(), detail={"decision": ident, "stage": odd, "ok": True})
    journal_of(tmp_path / "journal.sqlite", [*bench.core.submitted, strange])

    with JournalReader.open(tmp_path / "journal.sqlite") as journal:
        graph = explain(journal, None, ident).provenance
    read = Graph().parse(data=graph.serialize(format="turtle"), format="turtle")

    (node,) = read.subjects(TW.stage, Literal(odd))
    assert str(node).startswith(f"{ident}#a%20b%3E%20")
    assert values(read) == values(graph)
    assert list(parse(graph.serialize(format="nt").encode(), format=RdfFormat.N_TRIPLES))


async def test_a_change_under_the_id_of_a_decision_is_no_step_of_it(
    bench: Any, tmp_path: Path, journal_of: Any
) -> None:
    """Clients choose the ids of their Changes: what an operator sends under an agent's tells nothing of it."""
    ident = await committed(bench)
    detail = {"decision": ident, "stage": "committed", "ok": True}
    foreign = [
        Change(kind, person(), reason="Olga was here", id=ChangeId(ident), detail=detail)
        for kind in (Kind.MANUAL, Kind.REQUEST, Kind.PROPOSAL, Kind.OUTCOME)
    ]
    refused = {ident: (Reason("not-authorised", "Olga may not.", None),)}
    journal_of(tmp_path / "a.sqlite", bench.core.submitted)
    journal_of(tmp_path / "b.sqlite", [*bench.core.submitted, *foreign], refused)

    with JournalReader.open(tmp_path / "a.sqlite") as before, JournalReader.open(tmp_path / "b.sqlite") as after:
        plain, told = explain(before, None, ident), explain(after, None, ident)

    assert (told.sentence, told.text()) == (plain.sentence, plain.text())


async def test_without_history_the_recorded_inputs_speak(bench: Any, tmp_path: Path, journal_of: Any) -> None:
    """Status and value of the inputs are in the proposal itself."""
    ident = await committed(bench)
    journal_of(tmp_path / "journal.sqlite", bench.core.submitted)

    with JournalReader.open(tmp_path / "journal.sqlite") as journal:
        told = explain(journal, None, ident.removeprefix("urn:uuid:"))

    assert any(leaf.text == "Belt.FillRatio = 75 %" for leaf in told.leaves())


async def test_the_first_characters_of_an_id_suffice(bench: Any, tmp_path: Path, journal_of: Any) -> None:
    """As long as one decision alone begins so."""
    first, second = request_by_person(bench.clock[0]), request_by_person(bench.clock[0] + 1)
    near = replace(second, id=first.id[:-1] + ("0" if first.id[-1] != "0" else "1"))
    journal_of(tmp_path / "journal.sqlite", [first, near, second])

    with JournalReader.open(tmp_path / "journal.sqlite") as journal:
        told = explain(journal, None, second.id.removeprefix("urn:uuid:")[:12])
        with pytest.raises(UnknownNode, match="2 decisions begin with"):
            explain(journal, None, first.id.removeprefix("urn:uuid:")[:12])

    assert told.id == second.id


async def test_shadow_and_refused_proposals_are_explained(bench: Any, tmp_path: Path, journal_of: Any) -> None:
    """What never became a request has its reasons too."""
    bench.level("autonomous")
    bench.core.judge = lambda change, dry_run: (
        [Reason("PERM-LOCAL", "The machine is in local mode.")] if change.kind is Kind.REQUEST else []
    )
    bench.begin("Slow", 300.0)
    await bench.desk.turn()
    journal_of(tmp_path / "journal.sqlite", bench.core.submitted)

    with JournalReader.open(tmp_path / "journal.sqlite") as journal:
        (summary,) = decisions(journal)
        told = explain(journal, None, summary.id)

    assert summary.end == "refused"
    assert not summary.requested
    assert told.sentence.endswith("It was refused: The machine is in local mode.")
    assert "refused" in told.text()
    assert "refused" in told.text(full=True)


async def test_an_unknown_id_is_an_error(bench: Any, tmp_path: Path, journal_of: Any) -> None:
    """What the journal does not know is said to be unknown."""
    journal_of(tmp_path / "journal.sqlite", [])

    with JournalReader.open(tmp_path / "journal.sqlite") as journal, pytest.raises(UnknownNode):
        explain(journal, None, "urn:uuid:00000000-0000-0000-0000-000000000000")


async def test_decisions_are_listed_newest_first(bench: Any, tmp_path: Path, journal_of: Any) -> None:
    """One line for each decision, agents' and persons', limited and from a moment on."""
    ident = await committed(bench)
    later = request_by_person(bench.clock[0] + 5_000_000)
    journal_of(tmp_path / "journal.sqlite", [*bench.core.submitted, later])

    with JournalReader.open(tmp_path / "journal.sqlite") as journal:
        both = decisions(journal)

        assert [summary.id for summary in both] == [later.id, ident]
        assert both[1].end == "committed"
        assert both[1].stage == "committed"
        assert both[0].end is None
        assert decisions(journal, limit=1) == both[:1]
        assert decisions(journal, since_us=later.at_us) == both[:1]


async def test_the_effect_is_told_in_sentence_tree_and_list(bench: Any, tmp_path: Path, journal_of: Any) -> None:
    """Once compared with its prediction, the effect follows the end wherever a decision is told; the end stays."""
    ident = await committed(bench)
    told = "Predicted about +150 units in 2.0 min (between -20 and +200); seen +120."
    detail = {"decision": ident, "stage": "effect", "ok": False, "facts": {"evaluated": True, "sentence": told}}
    agent = Source(URIRef(EX + "Agent"), Role.AGENT)
    effect = Change(Kind.PROPOSAL, agent, cause=ident, at_us=bench.clock[0] + 1, detail=detail)
    journal_of(tmp_path / "journal.sqlite", [*bench.core.submitted, effect])

    with JournalReader.open(tmp_path / "journal.sqlite") as journal:
        found = explain(journal, None, ident)
        (summary,) = decisions(journal)

    assert found.sentence.endswith(told)
    assert f"effect against prediction: {told}" in found.text()
    assert (summary.end, summary.effect) == ("committed", told)
    assert found.svg().startswith("<svg ")


@pytest.mark.parametrize(("value", "words"), [(Literal(True), ""), (Literal(11), ", value held")])
async def test_a_refusal_tells_values_in_words(
    bench: Any, tmp_path: Path, journal_of: Any, value: Literal, words: str
) -> None:
    """A yes or no that the message says better is left out; a state is told in a word."""
    change = request_by_person(bench.clock[0])
    shape, component = URIRef("https://w3id.org/twinwright/shapes#PERM-X"), URIRef("urn:c")
    path = f"<{TW.target}>/<https://w3id.org/twinwright/packml#stateCurrent>"
    finding = Finding(URIRef(change.id), shape, component, path, value, Severity.VIOLATION, "Wait.", "PERM-X")
    journal_of(tmp_path / "journal.sqlite", [change], {change.id: (Reason("PERM-X", "Wait.", finding),)})

    with JournalReader.open(tmp_path / "journal.sqlite") as journal:
        told = explain(journal, None, change.id)

    assert told.sentence.endswith(f"It was refused: Wait. (Shape PERM-X on this request{words}.)")
