"""A decision as PROV-O: steps as activities, samples, facts, findings, rules and releases as entities, who as agents.

Every IRI that stands as an object in the document is described in it; every activity has a start, an end, what it used
and what it generated. Source: W3C PROV-O, https://www.w3.org/TR/prov-o/
"""

from __future__ import annotations

from urllib.parse import quote

from rdflib import PROV, RDF, RDFS, XSD, Graph, Literal, URIRef

from agents.explanation.model import Model
from agents.explanation.story import Step, Story
from agents.explanation.tree import Branch, Sort, instant
from agents.words import local
from kg.change import Kind, Role
from kg.names import GraphName
from kg.wire import text_to_term
from ontology import TW, UA

_PERSONS = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER, Role.IMPORTER, Role.AUDITOR})


def provenance(story: Story, tree: Branch, model: Model) -> Graph:
    """The provenance of a story whose tree has been grown."""
    return _Document(story, model).written(tree)


class _Document:
    """Writes one graph. Numbers its own nodes below the decision's IRI."""

    def __init__(self, story: Story, model: Model) -> None:
        self._story = story
        self._model = model
        self._decision = URIRef(story.id)
        self._numbers: dict[str, int] = {}
        self._leaves: dict[str, URIRef] = {}
        self._graph = Graph()
        self._graph.bind("prov", PROV)
        self._graph.bind("tw", TW._NS)

    def written(self, tree: Branch) -> Graph:
        release = URIRef(f"urn:twinwright:release:{self._story.release}")
        self._entity(release, "The ontology, shapes, rules, policy and model in force", PROV.Plan)
        self._decide(tree, release)
        grounds = [node for branch in tree.branches if branch.sort is Sort.NOTE for node in self._grounds(branch)]
        for ground in grounds:
            self._graph.add((self._decision, PROV.wasDerivedFrom, ground))
        started_us = self._story.steps[0].at_us
        if self._story.proposal is not None:
            started_us = min(self._story.proposal.made_us, started_us)
        steps = [branch for branch in tree.branches if branch.sort is Sort.STEP]
        used = [self._decision, release, *grounds]
        for step, branch in zip(self._story.steps, steps, strict=True):
            result = self._activity(step, branch, started_us, used)
            used = [self._decision, release, result]
            started_us = step.at_us
        return self._graph

    def _decide(self, tree: Branch, release: URIRef) -> None:
        graph, story = self._graph, self._story
        self._entity(self._decision, tree.text, TW.Proposal if story.proposal is not None else TW.Request)
        graph.add((self._decision, PROV.wasAttributedTo, self._agent(story.steps[0])))
        graph.add((self._decision, PROV.wasInfluencedBy, release))
        if story.wish is not None:
            graph.add((self._decision, TW.target, self._target(story.wish.target)))
            graph.add((self._decision, TW.desiredValue, story.wish.desired))
            if story.wish.prior is not None:
                graph.add((self._decision, TW.priorValue, story.wish.prior))
        if story.proposal is not None:
            graph.add((self._decision, TW.rule, self._rule(str(story.proposal.rule))))

    def _activity(self, step: Step, branch: Branch, started_us: int, used: list[URIRef]) -> URIRef:
        """One step as an activity; returns the entity that it generated."""
        graph = self._graph
        node, result = self._fresh(step.stage), self._fresh(f"{step.stage}-result")
        graph.add((node, RDF.type, PROV.Activity))
        graph.add((node, RDFS.label, Literal(branch.text)))
        graph.add((node, TW.stage, Literal(step.stage)))
        graph.add((node, PROV.startedAtTime, _time(min(started_us, step.at_us))))
        graph.add((node, PROV.endedAtTime, _time(step.at_us)))
        graph.add((node, PROV.wasAssociatedWith, self._agent(step)))
        for entity in used:
            graph.add((node, PROV.used, entity))
        about = branch.facts.get("sentence") or branch.facts.get("value")
        self._entity(result, f"{branch.text}{'' if about is None else f': {about}'}", None)
        graph.add((result, PROV.wasGeneratedBy, node))
        graph.add((node, PROV.generated, result))
        graph.add((result, TW.stageOk, Literal(step.is_ok)))
        if step.index == self._story.steps[0].index:
            graph.add((self._decision, PROV.wasGeneratedBy, node))
            graph.add((node, PROV.generated, self._decision))
        if step.kind is Kind.REQUEST and step.change != self._story.id:
            request = URIRef(step.change)
            self._entity(request, "The request", TW.Request)
            graph.add((request, PROV.wasDerivedFrom, self._decision))
            graph.add((node, PROV.used, request))
        for finding in branch.branches:
            graph.add((result, PROV.wasDerivedFrom, self._finding(finding)))
        return result

    def _grounds(self, note: Branch) -> list[URIRef]:
        return [self._ground(branch) for branch in note.branches if branch.sort is not Sort.ABSENCE]

    def _ground(self, branch: Branch) -> URIRef:
        """A fact, inferred or not, as an entity derived from its premises."""
        key = repr((branch.sort, branch.text, branch.facts))
        if key in self._leaves:
            return self._leaves[key]
        node = self._leaves[key] = self._fresh(branch.sort.value)
        self._entity(node, branch.text, None)
        for name, predicate in _LITERALS.items():
            value = branch.facts.get(name)
            if value is not None:
                self._graph.add((node, predicate, _literal(name, str(value))))
        if branch.sort is Sort.SAMPLE and branch.facts.get("source_time") is not None:
            moment = Literal(str(branch.facts["source_time"]), datatype=XSD.dateTime)
            self._graph.add((node, PROV.generatedAtTime, moment))
            self._graph.add((node, TW.input, self._target(URIRef(str(branch.facts["property"])))))
        rule, graph = branch.facts.get("rule"), branch.facts.get("graph")
        if rule is not None:
            self._graph.add((node, TW.rule, self._rule(str(rule))))
        if graph is not None:
            home = URIRef(GraphName(str(graph)).iri)
            self._entity(home, f"The graph {graph}", PROV.Collection)
            self._graph.add((home, PROV.hadMember, node))
        for premise in branch.branches:
            if premise.sort is not Sort.ABSENCE:
                self._graph.add((node, PROV.wasDerivedFrom, self._ground(premise)))
        return node

    def _finding(self, branch: Branch) -> URIRef:
        node = self._fresh("finding")
        self._entity(node, branch.text, None)
        code, shape = branch.facts.get("code"), branch.facts.get("shape")
        self._graph.add((node, TW.code, Literal(str(code))))
        if shape is not None and ":" in str(shape):
            plan = URIRef(str(shape))
            self._entity(plan, local(plan), PROV.Plan)
            self._graph.add((node, PROV.wasDerivedFrom, plan))
        return node

    def _target(self, prop: URIRef) -> URIRef:
        self._entity(prop, self._model.label(prop), None)
        node_id = self._model.text(prop, UA.nodeId)
        if node_id is not None:
            self._graph.add((prop, UA.nodeId, Literal(node_id)))
        return prop

    def _rule(self, iri: str) -> URIRef:
        # names such as owl2rl:cax-sco are those of the W3C's tables, not IRIs that resolve
        rule = URIRef(iri)
        self._entity(rule, self._model.label(rule), PROV.Plan)
        return rule

    def _agent(self, step: Step) -> URIRef:
        graph, agent = self._graph, step.author
        graph.add((agent, RDF.type, PROV.Agent))
        is_person = step.role in set(_PERSONS)
        graph.add((agent, RDF.type, PROV.Person if is_person else PROV.SoftwareAgent))
        graph.add((agent, RDFS.label, Literal(self._model.label(agent))))
        return agent

    def _entity(self, node: URIRef, label: str, kind: URIRef | None) -> None:
        self._graph.add((node, RDF.type, PROV.Entity))
        if kind is not None:
            self._graph.add((node, RDF.type, kind))
        if (node, RDFS.label, None) not in self._graph:
            self._graph.add((node, RDFS.label, Literal(label)))

    def _fresh(self, what: str) -> URIRef:
        number = self._numbers[what] = self._numbers.get(what, 0) + 1
        # a stage is what its sender called it, and not every text may stand in an IRI
        return URIRef(f"{self._story.id}#{quote(what, safe='', errors='replace')}-{number}")


_LITERALS = {"value": PROV.value, "status": TW.statusCode, "quality": TW.quality}


def _literal(name: str, text: str) -> Literal:
    if name == "value":
        term = text_to_term(text)
        return term if isinstance(term, Literal) else Literal(text)
    return Literal(int(text, 16)) if name == "status" else Literal(text)


def _time(at_us: int) -> Literal:
    return Literal(instant(at_us), datatype=XSD.dateTime, normalize=False)
