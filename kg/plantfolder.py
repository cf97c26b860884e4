"""A plant folder as values: its graphs, the release they make up, and what is bound, writable and governed in it.

    bottling/
        plant.toml     name, and what differs from the defaults
        *.ttl          each file goes into one named graph

`policy.ttl` (or `policy-*.ttl`) goes into the graph `policy`, `rules.ttl` into `rules`, `shapes.ttl` into `shapes`,
every other Turtle file into `plant`. The ontology, domain rules and shapes that Twinwright ships come on top.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph
from rdflib import RDF, BNode, Graph, Literal, URIRef

import ontology
import shapes
from kg.bindings import Binding, Server, WriteGrant, read_bindings, read_grants, read_servers
from kg.change import Quad, Source
from kg.errors import BadTerm, PlantIncomplete
from kg.names import GraphName
from kg.tokens import read_persons
from kg.unknown_terms import unknown_terms
from kg.wire import quads_to_text, text_to_quads
from ontology import TW, UA

_LOG = logging.getLogger(__name__)
MANIFEST = "plant.toml"
ENDPOINT_VARIABLE = "TWINWRIGHT_ENDPOINT"
"""Environment variable with the OPC UA address that replaces the one in the model of a plant with one server."""
_BY_PREFIX = {"policy": GraphName.POLICY, "rules": GraphName.RULES, "shapes": GraphName.SHAPES}
#: The graphs that make up a release.
RELEASED = (GraphName.ONTOLOGY, GraphName.SHAPES, GraphName.RULES, GraphName.POLICY, GraphName.PLANT)


@dataclass(frozen=True, slots=True)
class PlantFolder:
    """Everything a twin needs to know of a plant before it sees a single reading."""

    name: str
    folder: Path
    manifest: Mapping[str, Any]
    """What plant.toml says, whole."""
    graphs: Mapping[GraphName, Graph]
    """The graphs of RELEASED; the ontology and the shapes of Twinwright are in them."""
    release: str
    """SHA-256 (hex) of the canonical N-Quads of all graphs."""
    servers: tuple[Server, ...]
    bindings: tuple[Binding, ...]
    grants: tuple[WriteGrant, ...]
    persons: Mapping[str, Source]
    """By login."""
    agents: tuple[URIRef, ...]
    warnings: tuple[str, ...] = ()
    """What is not wrong but hardly meant, a sentence each: misspelt terms, no rules."""

    def quads(self) -> Iterable[Quad]:
        """All quads of the release, graph by graph."""
        return (quad for name in RELEASED for quad in graph_quads(self.graphs[name], name))


def load(folder: Path, endpoint: str | None = None) -> PlantFolder:
    """The plant in a folder. `endpoint` (or else ENDPOINT_VARIABLE) replaces the OPC UA address of its server.

    The release is that of the graphs in force, the address included.

    Raises PlantIncomplete naming the file, line, node or property at fault.
    """
    manifest = read_manifest(folder)
    graphs, warnings = _graphs(folder)
    endpoint = endpoint or os.environ.get(ENDPOINT_VARIABLE)
    if endpoint:
        _move_server(graphs[GraphName.PLANT], endpoint)
    plant, policy = graphs[GraphName.PLANT], graphs[GraphName.POLICY]
    loaded = PlantFolder(
        name=str(manifest["name"]),
        folder=folder,
        manifest=manifest,
        graphs=graphs,
        release=release_hash(graphs),
        servers=read_servers(plant),
        bindings=read_bindings(plant),
        grants=read_grants(policy),
        persons=read_persons(policy),
        agents=_agents(graphs),
        warnings=tuple(warnings),
    )
    _check(loaded)
    for warning in warnings:
        _LOG.warning("%s", warning)
    return loaded


def read_manifest(folder: Path) -> dict[str, Any]:
    """What plant.toml says. Raises PlantIncomplete where it is absent, malformed or gives no name."""
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            manifest = tomllib.load(file)
    except FileNotFoundError:
        raise PlantIncomplete(f"{folder} is not a plant folder: {MANIFEST} is missing.", file=str(path)) from None
    except NotADirectoryError:
        raise PlantIncomplete(f"{folder} is not a folder.", file=str(folder)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlantIncomplete(f"{path} is malformed: {error}.", file=str(path)) from error
    if not isinstance(manifest.get("name"), str) or not manifest["name"]:
        raise PlantIncomplete(f'{path} must say `name = "..."`.', file=str(path))
    return manifest


def read_turtle(path: Path, name: GraphName) -> Graph:
    """The graph in a Turtle file, lexical forms kept. Raises PlantIncomplete with line and column."""
    try:
        parser = pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.TURTLE, rename_blank_nodes=True)
        triples = [(quad.subject, quad.predicate, quad.object) for quad in parser]
    except FileNotFoundError:
        raise PlantIncomplete(f"{path} is missing.", file=str(path)) from None
    except SyntaxError as error:
        where = f"line {error.lineno}, column {error.offset}"
        raise PlantIncomplete(
            f"{path}, {where}: {error.msg}.", file=str(path), line=error.lineno or 0, column=error.offset or 0
        ) from error
    home = pyoxigraph.NamedNode(name.iri)
    lines = pyoxigraph.serialize(
        (pyoxigraph.Quad(*triple, home) for triple in triples), format=pyoxigraph.RdfFormat.N_QUADS
    )
    graph = Graph()
    for prefix, namespace in parser.prefixes.items():
        graph.bind(prefix, namespace, replace=True)
    for quad in text_to_quads((lines or b"").decode()):
        graph.add((quad.s, quad.p, quad.o))
    return graph


def release_hash(graphs: Mapping[GraphName, Graph]) -> str:
    """SHA-256 (hex) over the graphs of RELEASED: blank nodes named by RDFC-1.0, N-Quads lines in order."""
    quads = (quad for name in RELEASED if name in graphs for quad in graph_quads(graphs[name], name))
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(quads_to_text(quads), format=pyoxigraph.RdfFormat.N_QUADS))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    digest = hashlib.sha256()
    for line in sorted(f"{quad} .\n".encode() for quad in dataset):
        digest.update(line)
    return digest.hexdigest()


def graph_quads(graph: Graph, name: GraphName) -> Iterable[Quad]:
    """The triples of an rdflib graph as quads of a named graph. Raises BadTerm for what no RDF graph may hold."""
    for s, p, o in graph:
        if isinstance(s, Literal) or not isinstance(p, URIRef) or not isinstance(o, URIRef | BNode | Literal):
            raise BadTerm(f"This is not an RDF triple: {s!r} {p!r} {o!r}.")
        yield Quad(s, p, o, name)  # type: ignore[arg-type]  # rdflib's triples are wider than RDF 1.1's


def _graphs(folder: Path) -> tuple[dict[GraphName, Graph], list[str]]:
    """The graphs, and what is to be warned of."""
    warnings: list[str] = []
    graphs = {name: Graph() for name in RELEASED}
    for module in ontology.modules():
        _merge(graphs[GraphName.ONTOLOGY], ontology.load(module))
    _merge(graphs[GraphName.RULES], ontology.load("rules"))
    for module in shapes.modules():
        _merge(graphs[GraphName.SHAPES], shapes.load(module))
    found = set()
    for path in sorted(folder.glob("*.ttl")):
        name = _BY_PREFIX.get(path.stem.partition("-")[0].partition("_")[0], GraphName.PLANT)
        found.add(name)
        part = read_turtle(path, name)
        warnings += (f"{path.name}: {sentence}" for sentence in unknown_terms(part))
        _merge(graphs[name], part)
    for name in (GraphName.PLANT, GraphName.POLICY):
        if name not in found:
            wanted = "policy.ttl" if name is GraphName.POLICY else "a Turtle file with the plant's model"
            raise PlantIncomplete(f"{folder} lacks {wanted}.", file=str(folder), graph=name.value)
    if GraphName.RULES not in found:
        warnings.append(f"{folder.name} has no rules.ttl, so agents have nothing to propose.")
    return graphs, warnings


def _merge(graph: Graph, part: Graph) -> None:
    for prefix, namespace in part.namespaces():
        graph.bind(prefix, namespace)
    graph += part


def _move_server(plant: Graph, endpoint: str) -> None:
    servers = list(plant.subjects(UA.endpointUrl, None))
    if len(servers) != 1:
        raise PlantIncomplete(f"{ENDPOINT_VARIABLE} moves a plant with one server; this has {len(servers)}.")
    plant.set((servers[0], UA.endpointUrl, Literal(endpoint)))


def _agents(graphs: Mapping[GraphName, Graph]) -> tuple[URIRef, ...]:
    homes = (GraphName.PLANT, GraphName.POLICY, GraphName.RULES)
    found = {agent for name in homes for agent in graphs[name].subjects(RDF.type, TW.Agent)}
    return tuple(sorted(agent for agent in found if isinstance(agent, URIRef)))


def _check(plant: PlantFolder) -> None:
    """Bindings, grants and servers must fit each other. Raises PlantIncomplete."""
    if not plant.servers or not plant.bindings:
        lacking = "a ua:Server with ua:endpointUrl" if not plant.servers else "a property with ua:nodeId"
        raise PlantIncomplete(f"The model in {plant.folder} lacks {lacking}.", file=str(plant.folder))
    servers = {server.iri for server in plant.servers}
    by_prop = {binding.prop: binding for binding in plant.bindings}
    nodes: dict[tuple[URIRef, str], URIRef] = {}
    for binding in plant.bindings:
        if binding.server not in servers:
            raise PlantIncomplete(f"{binding.prop} names the server {binding.server}, which the model lacks.")
        if not binding.node_id.startswith("nsu="):
            raise PlantIncomplete(f"The ua:nodeId of {binding.prop} must begin with nsu=: {binding.node_id}.")
        twice = nodes.setdefault((binding.server, binding.node_id), binding.prop)
        if twice != binding.prop:
            raise PlantIncomplete(f"{binding.prop} and {twice} are bound to the same node {binding.node_id}.")
        for other in (binding.feedback, binding.effect):
            if other is not None and other not in by_prop:
                raise PlantIncomplete(f"{binding.prop} names the property {other}, which is not bound.")
        stated = [name.value for name, g in plant.graphs.items() if (binding.equipment, binding.predicate, None) in g]
        if stated:
            raise PlantIncomplete(f"{binding.prop} is bound to a controller, so the {stated[0]} may not say its value.")
    for grant in plant.grants:
        _check_grant(grant, by_prop.get(grant.prop))


def _check_grant(grant: WriteGrant, binding: Binding | None) -> None:
    if binding is None:
        raise PlantIncomplete(f"The policy lets {grant.prop} be written, which is not bound.", prop=str(grant.prop))
    lacking = [
        word
        for word, present in (
            ("ua:accessLevel readWrite", binding.writable),
            ("a data type of numbers", binding.is_volatile),
            ("tw:unit", binding.unit is not None),
            ("ua:euLow and ua:euHigh", binding.low is not None and binding.high is not None),
            ("tw:feedback", binding.feedback is not None),
        )
        if not present
    ]
    if lacking:
        raise PlantIncomplete(
            f"The policy lets {grant.prop} be written, but it lacks {', '.join(lacking)}.", prop=str(grant.prop)
        )
    if not (binding.low or 0.0) <= grant.minimum <= grant.maximum <= (binding.high or 0.0):
        raise PlantIncomplete(f"The write grant of {grant.prop} reaches outside its EURange.", prop=str(grant.prop))
