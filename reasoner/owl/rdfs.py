"""RDFS entailment as rules, for those who ask for it: what it says of its own vocabulary and of what is used.

    rdfs:rdf1, rdfs4a/b, rdfs6, rdfs8, rdfs10, rdfs12, rdfs13     (RDF 1.1 Semantics, sections 8 and 9)

rdfs2, 3, 5, 7, 9 and 11 are prp-dom, prp-rng, scm-spo, prp-spo1, cax-sco and scm-sco of OWL 2 RL. The axioms are those
about names that are written down; rdf:_1, rdf:_2 and so on have no end. Literals are members of nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import RDF, RDFS, Namespace, URIRef

from reasoner.rules.ir import Atom, Rule, Slot, Var

# rdflib's closed namespaces lack the words of containers
_RDF, _RDFS = Namespace(str(RDF)), Namespace(str(RDFS))
_S, _P, _O = Var("s"), Var("p"), Var("o")
_PROPERTIES = "rdf:type rdf:subject rdf:predicate rdf:object rdf:first rdf:rest rdf:value"
#: property, domain, range
_ENDS = """
rdf:type rdfs:Resource rdfs:Class
rdfs:domain rdf:Property rdfs:Class
rdfs:range rdf:Property rdfs:Class
rdfs:subPropertyOf rdf:Property rdf:Property
rdfs:subClassOf rdfs:Class rdfs:Class
rdf:subject rdf:Statement rdfs:Resource
rdf:predicate rdf:Statement rdfs:Resource
rdf:object rdf:Statement rdfs:Resource
rdfs:member rdfs:Resource rdfs:Resource
rdf:first rdf:List rdfs:Resource
rdf:rest rdf:List rdf:List
rdfs:seeAlso rdfs:Resource rdfs:Resource
rdfs:isDefinedBy rdfs:Resource rdfs:Resource
rdfs:comment rdfs:Resource rdfs:Literal
rdfs:label rdfs:Resource rdfs:Literal
rdf:value rdfs:Resource rdfs:Resource
"""
_AXIOMS = """
rdf:nil rdf:type rdf:List
rdf:Alt rdfs:subClassOf rdfs:Container
rdf:Bag rdfs:subClassOf rdfs:Container
rdf:Seq rdfs:subClassOf rdfs:Container
rdfs:ContainerMembershipProperty rdfs:subClassOf rdf:Property
rdfs:isDefinedBy rdfs:subPropertyOf rdfs:seeAlso
rdfs:Datatype rdfs:subClassOf rdfs:Class
rdf:XMLLiteral rdf:type rdfs:Datatype
rdf:XMLLiteral rdfs:subClassOf rdfs:Literal
"""


def rdfs_rules() -> Iterator[Rule]:
    """The rules and the axioms. One of them looks at every triple, so that all changes cost a little more."""
    for line in _AXIOMS.strip().splitlines():
        yield _rule("axiom", Atom(*map(_name, line.split())))
    for word in _PROPERTIES.split():
        yield _rule("axiom", Atom(_name(word), RDF.type, RDF.Property))
    for line in _ENDS.strip().splitlines():
        prop, domain, range_ = map(_name, line.split())
        yield _rule("axiom", Atom(prop, RDFS.domain, domain))
        yield _rule("axiom", Atom(prop, RDFS.range, range_))
    triple = Atom(_S, _P, _O)
    yield _rule("rdf1", Atom(_P, RDF.type, RDF.Property), triple)
    for node, name in ((_S, "rdfs4a"), (_P, "rdfs4a"), (_O, "rdfs4b")):
        yield _rule(name, Atom(node, RDF.type, RDFS.Resource), triple)
    yield _rule("rdfs3", Atom(_O, RDF.type, RDFS.Class), Atom(_S, RDF.type, _O))
    yield _rule("rdfs6", Atom(_S, RDFS.subPropertyOf, _S), Atom(_S, RDF.type, RDF.Property))
    yield _rule("rdfs8", Atom(_S, RDFS.subClassOf, RDFS.Resource), Atom(_S, RDF.type, RDFS.Class))
    yield _rule("rdfs10", Atom(_S, RDFS.subClassOf, _S), Atom(_S, RDF.type, RDFS.Class))
    members = _of(RDFS.ContainerMembershipProperty)
    yield _rule("rdfs12", Atom(_S, RDFS.subPropertyOf, _RDFS.member), members)
    yield _rule("rdfs13", Atom(_S, RDFS.subClassOf, RDFS.Literal), _of(RDFS.Datatype))


def _of(cls: URIRef) -> Atom:
    return Atom(_S, RDF.type, cls)


def _rule(name: str, head: Atom, *body: Atom) -> Rule:
    return Rule(f"rdfs:{name}", head, body)


def _name(word: str) -> Slot:
    prefix, _, local = word.partition(":")
    return (_RDF if prefix == "rdf" else _RDFS)[local]
