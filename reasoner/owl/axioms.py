"""Rules about the schema itself, for those who want to see what follows of it: table 9, and axioms of tables 5, 6, 8.

    owl2rl:scm-cls, sco, eqc1/2, op, dp, spo, eqp1/2, dom1/2, rng1/2, hv, svf1/2, avf1/2, int, uni    (table 9)
    owl2rl:prp-ap, cls-thing, cls-nothing1, dt-type1                                                  (tables 5, 6, 8)

They read the ontology where it stands in the graph. The compiled instance rules take all this into account without
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rdflib import RDF, RDFS, XSD, URIRef
from rdflib.namespace import OWL

from reasoner.owl.compose import statements
from reasoner.owl.schema import Schema, members
from reasoner.rules.ir import Atom, Rule, Slot, Var

_RULES: tuple[tuple[str, str, str], ...] = (
    ("scm-cls", "c a Class", "c subClassOf c . c equivalentClass c . c subClassOf Thing . Nothing subClassOf c"),
    ("scm-sco", "c subClassOf d . d subClassOf e", "c subClassOf e"),
    ("scm-eqc1", "c equivalentClass d", "c subClassOf d . d subClassOf c"),
    ("scm-eqc2", "c subClassOf d . d subClassOf c", "c equivalentClass d"),
    ("scm-op", "p a ObjectProperty", "p subPropertyOf p . p equivalentProperty p"),
    ("scm-dp", "p a DatatypeProperty", "p subPropertyOf p . p equivalentProperty p"),
    ("scm-spo", "p subPropertyOf q . q subPropertyOf r", "p subPropertyOf r"),
    ("scm-eqp1", "p equivalentProperty q", "p subPropertyOf q . q subPropertyOf p"),
    ("scm-eqp2", "p subPropertyOf q . q subPropertyOf p", "p equivalentProperty q"),
    ("scm-dom1", "p domain c . c subClassOf d", "p domain d"),
    ("scm-dom2", "q domain c . p subPropertyOf q", "p domain c"),
    ("scm-rng1", "p range c . c subClassOf d", "p range d"),
    ("scm-rng2", "q range c . p subPropertyOf q", "p range c"),
    (
        "scm-hv",
        "c hasValue e . c onProperty p . d hasValue e . d onProperty q . p subPropertyOf q",
        "c subClassOf d",
    ),
    (
        "scm-svf1",
        "c someValuesFrom e . c onProperty p . d someValuesFrom f . d onProperty p . e subClassOf f",
        "c subClassOf d",
    ),
    (
        "scm-svf2",
        "c someValuesFrom e . c onProperty p . d someValuesFrom e . d onProperty q . p subPropertyOf q",
        "c subClassOf d",
    ),
    (
        "scm-avf1",
        "c allValuesFrom e . c onProperty p . d allValuesFrom f . d onProperty p . e subClassOf f",
        "c subClassOf d",
    ),
    (
        "scm-avf2",
        "c allValuesFrom e . c onProperty p . d allValuesFrom e . d onProperty q . p subPropertyOf q",
        "d subClassOf c",
    ),
)
_RDFS = ("subClassOf", "subPropertyOf", "domain", "range")
_ANNOTATIONS = (
    *(RDFS.label, RDFS.comment, RDFS.seeAlso, RDFS.isDefinedBy, OWL.deprecated, OWL.versionInfo, OWL.priorVersion),
    *(OWL.backwardCompatibleWith, OWL.incompatibleWith),
)
_LONGEST = 12
"""Places of a list that rules reach; a rule joins at most 18 patterns."""
DATATYPES = (
    *(RDF.PlainLiteral, RDF.XMLLiteral, RDFS.Literal, XSD.decimal, XSD.integer, XSD.nonNegativeInteger),
    *(XSD.nonPositiveInteger, XSD.positiveInteger, XSD.negativeInteger, XSD.long, XSD.int, XSD.short, XSD.byte),
    *(XSD.unsignedLong, XSD.unsignedInt, XSD.unsignedShort, XSD.unsignedByte, XSD.float, XSD.double, XSD.string),
    *(XSD.normalizedString, XSD.token, XSD.language, XSD.Name, XSD.NCName, XSD.NMTOKEN, XSD.boolean, XSD.hexBinary),
    *(XSD.base64Binary, XSD.anyURI, XSD.dateTime, XSD.dateTimeStamp),
)
"""The datatypes of OWL 2 RL."""


def schema_rules(schema: Schema) -> Iterator[Rule]:
    """Rules that derive what follows of the schema, and what always holds."""
    for name, body, heads in _RULES:
        for head in _atoms(heads):
            yield Rule(f"owl2rl:{name}", head, _atoms(body))
    for predicate, name in ((OWL.intersectionOf, "scm-int"), (OWL.unionOf, "scm-uni")):
        yield from _parts(schema, predicate, f"owl2rl:{name}")
    for cls, name in ((OWL.Thing, "cls-thing"), (OWL.Nothing, "cls-nothing1")):
        yield Rule(f"owl2rl:{name}", Atom(cls, RDF.type, OWL.Class), ())
    for each in _ANNOTATIONS:
        yield Rule("owl2rl:prp-ap", Atom(each, RDF.type, OWL.AnnotationProperty), ())
    for each in DATATYPES:
        yield Rule("owl2rl:dt-type1", Atom(each, RDF.type, RDFS.Datatype), ())


def _parts(schema: Schema, predicate: URIRef, name: str) -> Iterator[Rule]:
    """A rule for each place in a list as far as rules may be long, and what holds of names in longer lists."""
    longest = 0
    for cls, listed in statements(schema.graph, predicate):
        parts = members(schema.graph, listed)
        longest = max(longest, len(parts))
        for part in parts[_LONGEST:]:
            if isinstance(cls, URIRef) and isinstance(part, URIRef):
                yield Rule(name, _between(predicate, cls, part), ())
    for place in range(min(longest, _LONGEST)):
        cells = [Var(f"_{index}") for index in range(place + 1)]
        steps = tuple(Atom(one, RDF.rest, other) for one, other in pairwise(cells))
        body = (Atom(Var("c"), predicate, cells[0]), *steps, Atom(cells[-1], RDF.first, Var("d")))
        yield Rule(name, _between(predicate, Var("c"), Var("d")), body)


def _between(predicate: URIRef, whole: Slot, part: Slot) -> Atom:
    narrow, wide = (whole, part) if predicate == OWL.intersectionOf else (part, whole)
    return Atom(narrow, RDFS.subClassOf, wide)


def _atoms(text: str) -> tuple[Atom, ...]:
    return tuple(Atom(*map(_slot, pattern.split())) for pattern in text.split(" . "))


def _slot(word: str) -> Slot:
    if word == "a":
        return RDF.type
    if len(word) == 1:
        return Var(word)
    return RDFS[word] if word in _RDFS else OWL[word]
