"""The errors of Twinwright, split by who must act.

    TwinError
    ├── CallerError            whoever sent the input changes it
    │   ├── BadChange            the Change is malformed
    │   ├── BadTerm              an IRI, literal or Turtle text is malformed
    │   ├── BadFile              a file that is absent, unreadable, empty or of an unknown format
    │   ├── UnknownNode          a node that the graph does not hold
    │   ├── BadValue             wrong type, unit, NaN or out of the value space
    │   ├── NotAuthorised        this author may not say this
    │   ├── NotWritable          the node is not on the allow-list
    │   ├── ReadOnly             a view of the graph that was opened for reading
    │   ├── PreconditionChanged  the read set no longer holds
    │   ├── ApprovalInvalid      expired, used, bound to something else
    │   ├── QueryRefused         SPARQL that does not parse or may not run
    │   │   └── UpdateRefused      a SPARQL update that does not parse or may not run
    │   ├── QueryOverLimit       a query that took too long or whose answer is too long
    │   ├── NotYetSeen           the replica has not come to this Change
    │   ├── RuleRefused          a rule set that is unsafe, unbounded or not stratifiable
    │   │   └── RuleTextRefused    a text of rules that does not parse, or rules that no text can hold
    │   └── ShapeRefused         a shape that cannot be compiled
    ├── OperatorError          a person at the installation acts
    │   ├── LinkDown             a controller cannot be reached
    │   ├── PortInUse            the address is taken
    │   ├── DataDirectoryLocked  another twin owns the data directory
    │   ├── RecordFailed         nothing can be made durable
    │   ├── ServiceDown          a part of the twin does not answer
    │   └── WritesFrozen         an earlier write has an unknown outcome
    ├── DataError              the owner of the data mends it
    │   ├── JournalBroken        the journal was cut, edited or reordered
    │   └── PlantIncomplete      a plant folder lacks something or contradicts itself
    └── InternalError          we mend it
        └── Undecided            a check could not come to a result within its budget

Each class has a stable `code` and a `remedy`; the facts are keyword arguments and end up in `facts`.
A violation of a shape is a result, never an exception.
"""

from __future__ import annotations

from typing import ClassVar


class TwinError(Exception):
    """What went wrong, with a stable code, the facts and what to do about it."""

    code: ClassVar[str] = "twin"
    remedy: str = "Report this with the journal's last entries."

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.message} [{self.code}] {self.remedy}"


class CallerError(TwinError):
    code = "caller"
    remedy = "Correct the input and send it again."


class BadChange(CallerError):
    code = "bad-change"
    remedy = "Send a Change with at least one triple or reading, in graphs that exist."


class BadTerm(CallerError):
    code = "bad-term"
    remedy = "Correct the Turtle, IRI or literal at the place named."


class BadFile(CallerError):
    code = "bad-file"
    remedy = "Name an RDF file that exists and is named after its format, such as lines.ttl."


class UnknownNode(CallerError):
    code = "unknown-node"
    remedy = "Use a node of the plant model; `twinwright query` lists them."


class BadValue(CallerError):
    code = "bad-value"
    remedy = "Give a finite value of the property's data type, in the property's unit."


class NotAuthorised(CallerError):
    code = "not-authorised"
    remedy = "Let somebody with the authority named make this change, or ask for that role."


class NotWritable(CallerError):
    code = "not-writable"
    remedy = "Choose a property on the write allow-list; the site's risk assessment decides what is on it."


class ReadOnly(CallerError):
    code = "read-only"
    remedy = "Send a Change through the Gate, or open the view with a transaction and write to one named graph."


class PreconditionChanged(CallerError):
    code = "precondition-changed"
    remedy = "Look at the values as they are now and decide again."


class ApprovalInvalid(CallerError):
    code = "approval-invalid"
    remedy = "Ask for a new approval of the change as it stands now."


class QueryRefused(CallerError):
    code = "query-refused"
    remedy = "Write a SPARQL 1.1 query without SERVICE, LOAD or FROM."


class UpdateRefused(QueryRefused):
    code = "update-refused"
    remedy = "Write INSERT and DELETE of triples in named graphs, or send an RDF Patch."


class QueryOverLimit(CallerError):
    code = "query-over-limit"
    remedy = "Narrow the query, or ask for more time up to the longest that is allowed."


class NotYetSeen(CallerError):
    code = "not-yet-seen"
    remedy = "Ask again in a moment, or for a Change that has been recorded."


class RuleRefused(CallerError):
    code = "rule-refused"
    remedy = "Change the rule named so that it is safe, bounded and stratifiable."


class RuleTextRefused(RuleRefused):
    code = "rule-text"
    remedy = "Correct the place named; docs/reference/rules.md shows the text form of rules."


class ShapeRefused(CallerError):
    code = "shape-refused"
    remedy = "Change the shape named; docs/reference/shacl.md lists what is understood."


class OperatorError(TwinError):
    code = "operator"
    remedy = "Check the installation."


class LinkDown(OperatorError):
    code = "link-down"
    remedy = "Check that the controller's OPC UA server runs and is reachable; the twin keeps trying."


class PortInUse(OperatorError):
    code = "port-in-use"
    remedy = "Stop the other program or choose another port."


class DataDirectoryLocked(OperatorError):
    code = "data-directory-locked"
    remedy = "Stop the other twin, or give this one a data directory of its own."


class RecordFailed(OperatorError):
    code = "record-failed"
    remedy = "Free space or repair the disk; requests stay refused and observation goes on unsealed until then."


class ServiceDown(OperatorError):
    code = "service-down"
    remedy = "Start it with `twinwright run`, or wait until it has been restarted."


class WritesFrozen(OperatorError):
    code = "writes-frozen"
    remedy = "Look at the machine, then release the property with `twinwright unfreeze`."


class DataError(TwinError):
    code = "data"
    remedy = "Correct the data named."


class JournalBroken(DataError):
    code = "journal-broken"
    remedy = "Keep the files as evidence, restore the last backup, and find out who changed them."


class PlantIncomplete(DataError):
    code = "plant-incomplete"
    remedy = "Add or correct what is named in the plant folder."


class InternalError(TwinError):
    code = "internal"


class Undecided(InternalError):
    code = "undecided"
    remedy = "Nothing was changed. Simplify the shape or rule named, or raise its budget."
