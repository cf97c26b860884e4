"""The shapes of bench/plant: 63 shapes with targets, all of severity Violation but one.

- 40 bands: for each sensor and class of machine, the value lies between constants (class targets).
- 8 and 8 comparisons: value below its high limit, low limit below the high one.
- Structure: property nodes are closed, a machine's cell is a work cell, at least eight properties by an inverse path,
  a star path from the machine to the site.
- At most three machines downstream with an alarm (qualified value shape along a derived predicate; a warning).
- Requests: the step is bounded, and by sequence paths the target is of good quality and its machine without alarm.
"""

from __future__ import annotations

from rdflib import RDF, SH, Graph

from bench.names import CLASSES, SENSORS, B
from ontology import ISA95, TW

_STRUCTURE = """
b:S-closed a sh:NodeShape ; sh:targetClass b:Property ; sh:closed true ;
    sh:ignoredProperties ( rdf:type tw:quality tw:statusCode tw:stale tw:implausible tw:pending tw:writeGrant ) ;
    sh:property [ sh:path b:of ; sh:minCount 1 ; sh:maxCount 1 ] ; sh:property [ sh:path b:unit ; sh:minCount 1 ] .
b:S-cell a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path b:within ; sh:class isa95:WorkCell .
b:S-eight a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path [ sh:inversePath b:of ] ; sh:minCount 8 .
b:S-site a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path [ sh:zeroOrMorePath b:within ] ;
    sh:hasValue b:site .
b:S-neighbours a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path b:upstream ; sh:severity sh:Warning ;
    sh:qualifiedValueShape [ sh:path b:alarm ; sh:hasValue true ] ; sh:qualifiedMaxCount 3 .
b:S-step a sh:PropertyShape ; sh:targetClass tw:Request ; sh:path tw:step ; sh:maxInclusive 120.0e0 .
b:S-input a sh:NodeShape ; sh:targetClass tw:Request ;
    sh:property [ sh:path ( tw:target tw:quality ) ; sh:hasValue "good" ] ;
    sh:property [ sh:path ( tw:target b:of b:alarm ) ; sh:maxCount 0 ] .
"""


def shapes() -> Graph:
    """The shapes as one document."""
    prefixes = {"b": B, "sh": SH, "isa95": ISA95._NS, "tw": TW._NS, "rdf": RDF}
    header = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in prefixes.items())
    blocks = (block for sensor in SENSORS for block in _of_sensor(sensor))
    return Graph().parse(data=header + _STRUCTURE + "\n".join(blocks), format="turtle")


def _of_sensor(sensor: str) -> list[str]:
    machine = "a sh:PropertyShape ; sh:targetSubjectsOf b:onLine"
    return [
        f"b:S-{sensor}-below {machine} ; sh:path b:{sensor} ; sh:lessThan b:{sensor}High .",
        f"b:S-{sensor}-limits {machine} ; sh:path b:{sensor}Low ; sh:lessThan b:{sensor}High .",
        *(
            f"b:S-{sensor}-{name} a sh:PropertyShape ; sh:targetClass b:{name} ; sh:path b:{sensor} ;"
            f" sh:minInclusive 0.0e0 ; sh:maxInclusive {150 + place}.0e0 ."
            for place, name in enumerate(CLASSES)
        ),
    ]
