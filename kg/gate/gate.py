"""The Gate itself: stage -> infer -> check -> record -> publish, for batches of Changes, one writer.

`decide` judges a batch in order and leaves the admitted Changes in the graph; `Batch.entries` and `Batch.samples`
are then made durable by the Recorder; `publish` tells the subscribers, `abandon` takes everything back where nothing
could be recorded. `process` does all three for callers without an event loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rdflib import URIRef

from kg.change import (
    Change,
    Finding,
    Findings,
    Kind,
    Published,
    Reading,
    Reason,
    Role,
    Source,
    Verdict,
)
from kg.errors import BadChange, CallerError, InternalError, RecordFailed, Undecided
from kg.gate.approvals import Approvals, binding_hash
from kg.gate.authority import authorise
from kg.gate.bands import Bands, Taken
from kg.gate.blank_nodes import refuse_blank_removals, skolemised
from kg.gate.entries import change_entry
from kg.gate.matches import Matches
from kg.gate.report import Reporter, event_of, plant_time
from kg.gate.requests import Request, admit, check_read_set, project, read_request, stage_request
from kg.gate.scopes import Standing, StopModes
from kg.gate.tags import Tags
from kg.gate.violations import ViolationFacts
from kg.gate.why_not import Search
from kg.gate.why_not.trial import Inside
from kg.graph import Transaction, WorkingGraph
from kg.names import WORKING
from kg.record import JournalEntry
from kg.repair import BOUND, Bound, WhyNot
from kg.stages import Advice, Inference, Recorder, Subscriber, Validation
from kg.terms import Term, term_text

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Batch:
    """What a round of deciding has left to be recorded and published."""

    verdicts: list[Verdict] = field(default_factory=list)
    entries: list[JournalEntry] = field(default_factory=list)
    samples: list[tuple[int, Reading]] = field(default_factory=list)
    events: list[Published] = field(default_factory=list)
    undo: list[Callable[[], None]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    first_seq: int = 0


@dataclass(frozen=True, slots=True)
class Release:
    """What is in force: the hash of ontology, shapes, rules, policy and model, and what the Gate must know of it."""

    hash: str
    rules: frozenset[URIRef] = frozenset()
    """Agents' rules; a derived triple with such a predicate is a match."""
    standing: frozenset[Term] = frozenset()
    """Shapes that, while violated, refuse every request in their scope."""


class Gate:
    """One writer for one Gate domain. Synchronous; the runner gives it an event loop and a thread for recording."""

    def __init__(
        self,
        graph: WorkingGraph,
        tags: Tags,
        release: Release,
        *,
        rules: Inference,
        shapes: Validation,
        conditions: Inference,
        recorder: Recorder,
        now_us: Callable[[], int],
        seq: int = 0,
        approvals: Approvals | None = None,
        advice: Advice | None = None,
    ) -> None:
        """`advice` leads `why_not`; without it only broken preconditions are mended."""
        self.graph = graph
        self.tags = tags
        self.release = release
        self.rules = rules
        self.shapes = shapes
        self.conditions = conditions
        self.recorder = recorder
        self.advice = advice
        self.seq = seq
        self.plant_us = 0
        self.unsealed = False
        self._now_us = now_us
        self._approvals = Approvals() if approvals is None else approvals
        self._subscribers: list[Subscriber] = []
        self._violations = ViolationFacts(graph)
        self._standing = Standing(graph, release.standing, release.rules)
        self._stops = StopModes(graph)
        self._reporter = Reporter(graph, tags, Matches(graph, release.rules), conditions)
        self._undecided: tuple[str, ...] = ()
        self._bands: Bands | None = Bands(graph, tags, lambda: (self.rules, self.shapes, self.conditions))

    @property
    def looked(self) -> int:
        """Readings whose safe band was looked at, and bands computed, since the start: counted work."""
        return 0 if self._bands is None else self._bands.looked

    def subscribe(self, subscriber: Subscriber) -> None:
        """Tell this subscriber of everything recorded from now on."""
        self._subscribers.append(subscriber)

    def start(self) -> tuple[Finding, ...]:
        """Close and validate the graph as it was loaded. Returns the results that hold."""
        self._forget()
        transaction = Transaction(self.graph)
        self.rules.start(transaction)
        findings = self.shapes.start(transaction)
        self._violations.apply(Findings(introduced=findings), transaction)
        self._standing.apply(Findings(introduced=findings), transaction)
        self.conditions.start(transaction)
        return findings

    def process(self, changes: Sequence[Change]) -> list[Verdict]:
        """Decide, record and publish a batch; blocking. Verdicts in the order of the changes."""
        batch = self.decide(changes)
        try:
            self.recorder.record(batch.entries, batch.samples)
        except RecordFailed as error:
            return self.abandon(batch, error)
        self.unsealed = False
        self.publish(batch)
        return batch.verdicts

    def dry_run(self, change: Change) -> Verdict:
        """What the Gate would say; nothing is changed, recorded or published."""
        return self._try(self._dated(change))

    def why_not(self, change: Change, bound: Bound = BOUND) -> WhyNot:
        """What would make a Change pass that is refused; nothing is changed, recorded or published.

        Judges candidates within the bound, and holds up everything else meanwhile.
        """
        inside = Inside(
            self.graph,
            self.tags,
            self.rules,
            self.shapes,
            self.conditions,
            self.advice,
            judge=self._try,
            follow=self._follow,
            approve=self._approve,
        )
        return Search(inside, self._dated(change), bound).run()

    def decide(self, changes: Sequence[Change], batch: Batch | None = None) -> Batch:
        """Judge Changes in order, as a batch or as more of one. What is admitted is in the graph, not yet recorded."""
        batch = Batch(first_seq=self.seq) if batch is None else batch
        for change in map(self._dated, changes):
            batch.changes.append(change)
            self._decide(change, batch)
        return batch

    def publish(self, batch: Batch) -> None:
        """Tell the subscribers of a recorded batch, in order."""
        for event in batch.events:
            for subscriber in self._subscribers:
                subscriber.published(event)

    def abandon(self, batch: Batch, error: RecordFailed) -> list[Verdict]:
        """Nothing could be recorded: take the batch back, then let reality in again, unsealed.

        Returns the verdicts as they now are: everything refusable is refused.
        """
        for undo in reversed(batch.undo):
            undo()
        self._forget()
        self.seq = batch.first_seq
        self.unsealed = True
        again = self.decide([change for change in batch.changes if not change.kind.is_refusable])
        self.recorder.resume_unsealed(again.entries, again.samples)
        self.publish(again)
        told = {verdict.change: verdict for verdict in again.verdicts}
        refused = Reason(error.code, str(error))
        return [
            told.get(verdict.change) or Verdict(verdict.change, False, self.seq, self.release.hash, (refused,))
            for verdict in batch.verdicts
        ]

    # one change

    def _decide(self, change: Change, batch: Batch) -> None:
        taken = self._taken(change) if change.readings else None
        if taken is not None and not taken.left:
            self._let_pass(change, taken, batch)
            return
        transaction = Transaction(self.graph)
        verdict, findings = self._judge(change if taken is None else replace(change, readings=taken.left), transaction)
        if taken is not None and not verdict.admitted:  # none of a Change enters where one of its readings may not
            transaction.rollback()
            taken.put_back()
            taken = None
            verdict, findings = self._judge(change, transaction)
        if not verdict.admitted:
            transaction.rollback()
            batch.verdicts.append(verdict)
            batch.entries.append(change_entry(change, verdict, (), (), (), (), ()))
            batch.events.append(event_of(change, verdict))
            return
        before_undecided, before_plant = self._undecided, self.plant_us
        self._undecided = findings.undecided
        if change.source.role is Role.LINK:  # what others say of plant time is theirs alone
            self.plant_us = max(self.plant_us, plant_time(change))
        self.seq += 1
        if self._bands is not None:
            self._bands.follow(transaction.changes(), findings)

        def undo() -> None:
            self._undecided, self.plant_us = before_undecided, before_plant
            transaction.rollback()
            if taken is not None:
                taken.undo()

        batch.undo.append(undo)
        batch.verdicts.append(verdict)
        batch.samples.extend((verdict.seq, reading) for reading in change.readings)
        calm = None if taken is None else taken.net
        entry, event = self._reporter.admitted(change, verdict, findings, transaction.changes(), calm)
        batch.events.append(event)
        if entry is not None:
            batch.entries.append(entry)

    def _taken(self, change: Change) -> Taken | None:
        """What could be taken of a slice of readings because it stays in its safe bands; None where nothing could."""
        bands = self._bands
        if bands is None or self._undecided or not _is_plain(change):
            return None
        try:
            return bands.take(change.readings)
        except Exception:  # noqa: BLE001  the stages decide what a band could not
            _log.exception("the bands broke on the Change %s", change.id)
            return None

    def _let_pass(self, change: Change, taken: Taken, batch: Batch) -> None:
        """Admit readings from which nothing follows; they are in the graph."""
        before_plant = self.plant_us
        self.plant_us = max(before_plant, plant_time(change))
        self.seq += 1

        def undo() -> None:
            self.plant_us = before_plant
            taken.undo()

        verdict = Verdict(change.id, True, self.seq, self.release.hash)
        batch.undo.append(undo)
        batch.verdicts.append(verdict)
        batch.samples.extend([(self.seq, reading) for reading in change.readings])
        batch.events.append(self._reporter.calm(change, verdict, taken.net))

    def _forget(self) -> None:
        if self._bands is not None:
            self._bands.clear()

    def _judge(self, change: Change, transaction: Transaction) -> tuple[Verdict, Findings]:
        """The verdict, and the findings of the graph as it would be. The caller rolls back what is not admitted."""
        try:
            authorise(change)
            findings, reasons = self._evaluate(change, transaction)
        except (CallerError, Undecided) as error:
            transaction.rollback()
            return self._refusal(change, Reason(error.code, error.message)), Findings()
        except Exception:  # noqa: BLE001  one Change that breaks our code must not end the only writer
            _log.exception("the Change %s broke in an unforeseen way", change.id)
            transaction.rollback()
            sentence = "An error of the twin's own kept this Change from being judged; its log says more."
            return self._refusal(change, Reason(InternalError.code, sentence)), Findings()
        if reasons:
            return self._refusal(change, *reasons, findings=findings), findings
        return Verdict(change.id, True, self.seq + 1, self.release.hash, findings=findings), findings

    def _try(self, change: Change) -> Verdict:
        """The verdict on a dated Change; nothing stays."""
        transaction = Transaction(self.graph)
        try:
            verdict, _ = self._judge(change, transaction)
        finally:
            transaction.rollback()
        return replace(verdict, dry_run=True)

    def _evaluate(self, change: Change, transaction: Transaction) -> tuple[Findings, list[Reason]]:
        request = self._stage(change, transaction)
        self._derive(self.rules, change, transaction)
        findings = self.shapes.check(transaction)
        reasons = self._reasons(change, findings)
        if request is not None:
            reasons += self._held_back(change, request)
            reasons += self._reasons(change, self._projected(request, transaction), known=reasons)
            if not reasons:
                binds = self._binds(request, change)
                transaction.on_rollback(self._approvals.use(binds, change.at_us))
                admit(request, transaction)
                self._derive(self.rules, change, transaction)
                findings = self.shapes.check(transaction)
        if not reasons:
            self._follow(findings, transaction)
            self._derive(self.conditions, change, transaction)
        return findings, reasons

    def _follow(self, findings: Findings, transaction: Transaction) -> None:
        self._violations.apply(findings, transaction)
        self._standing.apply(findings, transaction)

    def _stage(self, change: Change, transaction: Transaction) -> Request | None:
        if change.kind is Kind.REQUEST:
            return self._stage_request(change, transaction)
        if not (change.adds or change.removes or change.readings or change.kind is Kind.APPROVAL):
            raise BadChange("This Change is empty.")
        refuse_blank_removals(change)
        if change.kind is Kind.EDIT:
            self.tags.refuse_values(change)
        if change.kind is Kind.APPROVAL:
            transaction.on_rollback(self._approvals.give(change))
        if change.kind is Kind.STOP:
            self._stops.check(change)
        check_read_set(change.read_set, self.graph)
        node = self.graph.terms.node
        for quad in change.removes:
            if quad.g in WORKING:
                transaction.remove(node(quad.s), node(quad.p), node(quad.o), quad.g)
        for quad in change.adds:
            if quad.g in WORKING:
                transaction.add(node(quad.s), node(quad.p), node(quad.o), quad.g)
        for reading in change.readings:
            self.tags.stage(transaction, reading)
        return None

    def _stage_request(self, change: Change, transaction: Transaction) -> Request:
        request = read_request(change, self.tags, self.graph)
        if request.expires_us <= change.at_us:
            raise BadChange("This request has expired.", expires_us=request.expires_us)
        check_read_set(change.read_set, self.graph)
        approvers = self._approvals.valid(self._binds(request, change), str(change.source.author), change.at_us)
        stage_request(request, change, approvers, transaction)
        return request

    def _approve(self, change: Change, person: URIRef) -> Callable[[], None]:
        """Act as if this person had approved a request; returns how to undo it."""
        binds = self._binds(read_request(change, self.tags, self.graph), change)
        detail = {"meaning": "approve", "binds": binds, "expires_us": change.at_us + 1}
        word = Change(Kind.APPROVAL, Source(person, Role.SUPERVISOR), at_us=change.at_us, detail=detail)
        return self._approvals.give(word)

    def _binds(self, request: Request, change: Change) -> str:
        return binding_hash(request.slot.binding.prop, term_text(request.value), change.read_set, self.release.hash)

    def _derive(self, rules: Inference, change: Change, transaction: Transaction) -> None:
        savepoint = transaction.savepoint()
        try:
            rules.infer(transaction)
        except Undecided:
            if change.kind.is_refusable:
                raise
            # reality enters all the same, so what follows from it is computed without a budget
            transaction.rollback(savepoint)
            rules.start(transaction)

    def _projected(self, request: Request, transaction: Transaction) -> Findings:
        savepoint = transaction.savepoint()
        project(request, self.tags, transaction)
        self.rules.infer(transaction)
        findings = self.shapes.check(transaction)
        transaction.rollback(savepoint)
        return findings

    def _held_back(self, change: Change, request: Request) -> list[Reason]:
        """Standing shapes in the request's scope, undecided checks, and recording that does not work."""
        reasons = self._standing.reasons(change, request)
        if self._undecided:
            shapes = ", ".join(self._undecided)
            reasons.append(Reason(Undecided.code, f"A check could not be completed ({shapes}), so nothing is written."))
        if self.unsealed:
            reasons.append(Reason(RecordFailed.code, "Nothing can be recorded at present, so nothing is written."))
        return reasons

    def _reasons(self, change: Change, findings: Findings, known: Sequence[Reason] = ()) -> list[Reason]:
        if not change.kind.is_refusable:
            return []
        seen = {reason.finding for reason in known}
        reasons = [
            Reason(finding.code or "shape", finding.message, finding)
            for finding in findings.blocking
            if finding not in seen
        ]
        if findings.undecided:
            reasons.append(Reason(Undecided.code, f"These shapes could not be decided: {findings.undecided}."))
        return reasons

    def _refusal(self, change: Change, *reasons: Reason, findings: Findings | None = None) -> Verdict:
        return Verdict(change.id, False, self.seq, self.release.hash, reasons, findings or Findings())

    def _dated(self, change: Change) -> Change:
        """The Change with a time, and its blank nodes made its own: a label means nothing outside its document."""
        if change.at_us == 0:
            change = replace(change, at_us=self._now_us())
        return skolemised(change)


def _is_plain(change: Change) -> bool:
    """Whether a Change is nothing but readings from the link."""
    is_link = change.kind is Kind.OBSERVATION and change.source.role is Role.LINK
    return is_link and not (change.adds or change.removes or change.read_set)
