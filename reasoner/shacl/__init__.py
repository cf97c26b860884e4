"""SHACL Core and SHACL-SPARQL over the working graph: full, and incremental at a cost that depends on the change alone.

A shapes graph is read once (`compile_shapes`) and compiled into footprints (from which changed triple are which focus
nodes reached?) and checks. `Validator` implements the Gate's Validation stage; `full_report` validates from scratch.
Speaks in nodes and marks inside, in `kg.change.Finding` outside. Must not know what a Change is about, who sent it,
or what the Gate does with a finding. Nothing here writes into the graph.
"""

from reasoner.shacl.full import full_report
from reasoner.shacl.model import Costly, Shapes
from reasoner.shacl.parse import compile_shapes
from reasoner.shacl.report import to_graph
from reasoner.shacl.suggest import Suggester
from reasoner.shacl.validator import BUDGET, Validator

__all__ = ["BUDGET", "Costly", "Shapes", "Suggester", "Validator", "compile_shapes", "full_report", "to_graph"]
