"""Acts as values: what a word, a stop, a freeze lifted and a level come to, without any part of a twin."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from rdflib import Graph, Literal, Namespace, URIRef

from agents.explanation.story import Step, Story, Wish
from agents.levels import Autonomy, Level
from api.acts import (
    MODES,
    Stop,
    Told,
    approval_change,
    approvals_needed,
    approvers,
    autonomy_change,
    binds_of,
    chosen,
    grants_in,
    require_level,
    require_mode,
    require_open,
    scopes_of,
    standing,
    stop_body,
    stop_change,
    unfreeze_body,
    unfreeze_change,
)
from api.live import LineModel
from kg.change import Kind, Verdict, new_id
from kg.errors import ApprovalInvalid, BadValue, NotAuthorised, ServiceDown, UnknownNode
from kg.names import GraphName
from kg.plantfolder import load
from kg.terms import double_literal
from kg.tokens import CORE, GATEWAY
from ontology import ISA95, TW

EX = Namespace("https://example.org/line#")
NOW_US = 1_800_000_000_000_000
S = 1_000_000


def step(kind: Kind, author: str, *, admitted: bool = True, **detail: object) -> Step:
    return Step(
        index=1,
        hash="",
        seq=1,
        kind=kind,
        change=new_id(),
        author=EX[author],
        role="operator",
        at_us=NOW_US,
        plant_us=0,
        admitted=admitted,
        reasons=(),
        release="R",
        reason=None,
        detail=detail,
        stated=(),
    )


def story_of(*steps: Step, value: float = 300.0) -> Story:
    """A person's request and what followed."""
    wish = Wish(EX.Speed, double_literal(value), None, ())
    return Story("urn:uuid:d", steps, 0, wish=wish)


REFUSED = step(Kind.REQUEST, "olga", admitted=False)


def test_word_is_bound_and_expires():
    """The hash of what stands, the decision, the end, and the reason; nothing else."""
    story = story_of(REFUSED)

    change = approval_change(story, "approve", "R", NOW_US, valid_s=60, reason="go")

    assert (change.kind, change.cause, change.reason, change.at_us) == (Kind.APPROVAL, story.id, "go", NOW_US)
    assert dict(change.detail) == {
        "decision": story.id,
        "meaning": "approve",
        "binds": binds_of(story, "R"),
        "expires_us": NOW_US + 60 * S,
    }
    assert (change.adds, change.removes) == ((), ())


def test_hash_differs_with_value_and_release():
    """Another value or another release is another thing to approve."""
    hashes = {binds_of(story_of(REFUSED, value=v), release) for v in (300.0, 301.0) for release in ("R", "Q")}

    assert len(hashes) == 4


@pytest.mark.parametrize("valid_s", [0, -1, 3601, float("nan"), float("inf")])
def test_validity_has_bounds(valid_s):
    """No word for ever."""
    with pytest.raises(BadValue):
        approval_change(story_of(REFUSED), "approve", "R", NOW_US, valid_s=valid_s)


def test_word_on_what_was_not_shown_is_refused():
    """The hash that the person saw must be the one that stands."""
    with pytest.raises(ApprovalInvalid, match="not what stands now"):
        approval_change(story_of(REFUSED), "approve", "R", NOW_US, expect=binds_of(story_of(REFUSED), "Q"))


def test_who_wants_nothing_gets_no_word():
    """Neither a proposal nor a request."""
    with pytest.raises(UnknownNode):
        approval_change(Story("urn:uuid:d", (step(Kind.STOP, "olga"),), 0), "approve", "R", NOW_US)


def test_request_is_open_to_others_only_after_a_refusal():
    """Its author's word counts for nothing; once admitted there is nothing left to say."""
    assert standing(story_of(REFUSED), NOW_US).counts
    assert standing(story_of(REFUSED), NOW_US, person=str(EX.sam)).counts
    assert standing(story_of(REFUSED), NOW_US, person=str(EX.olga)).code == "own"
    with pytest.raises(ApprovalInvalid) as raised:
        require_open(story_of(REFUSED, step(Kind.REQUEST, "olga")), NOW_US)
    assert raised.value.facts["why"] == "sent"


def test_last_words_of_other_persons_count():
    """Bound, unexpired, not taken back, not the author's own; one person is one."""
    binds, later = "b" * 64, NOW_US + S
    said = {"meaning": "approve", "binds": binds, "expires_us": later}
    story = story_of(
        REFUSED,
        step(Kind.APPROVAL, "olga", **said),
        step(Kind.APPROVAL, "sam", **said),
        step(Kind.APPROVAL, "sam", **said),
        step(Kind.APPROVAL, "emil", **said),
        step(Kind.APPROVAL, "emil", **{**said, "meaning": "reject"}),
        step(Kind.APPROVAL, "tom", **{**said, "binds": "c" * 64}),
        step(Kind.APPROVAL, "uwe", **{**said, "expires_us": NOW_US}),
        step(Kind.APPROVAL, "vic", admitted=False, **said),
    )

    assert approvers(story, binds, NOW_US) == (str(EX.sam),)


def test_stop_sets_one_mode_and_takes_the_others_away():
    """For the gateway and for the record; a release takes all away."""
    stop = Stop(EX.Filler, "propose-only", NOW_US + S, "trial")
    release = Stop(EX.Filler, None)

    change, freed = stop_change(stop, NOW_US), stop_change(release, NOW_US)

    assert stop_body(stop) == {
        "scope": str(EX.Filler),
        "mode": "propose-only",
        "until_us": NOW_US + S,
        "reason": "trial",
    }
    assert stop_body(release)["mode"] == "release"
    assert [quad.o for quad in change.adds] == [TW.ProposeOnly]
    assert {quad.o for quad in change.removes} == {TW.NoWrites, TW.ReadOnly}
    assert (freed.adds, {quad.o for quad in freed.removes}) == ((), set(MODES.values()))
    assert {quad.g for quad in (*change.adds, *change.removes)} == {GraphName.POLICY}
    assert (change.detail, freed.detail) == ({"until_us": NOW_US + S}, {})
    with pytest.raises(BadValue):
        require_mode("gently")


def test_freeze_is_lifted_with_a_reason():
    """The mark goes; the gateway is told why."""
    change = unfreeze_change(EX.Speed, "Seen.", NOW_US)

    assert (change.kind, change.reason, change.adds) == (Kind.MANUAL, "Seen.", ())
    assert [(q.s, q.p, q.g) for q in change.removes] == [(EX.Speed, TW.frozen, GraphName.DESIRED)]
    assert unfreeze_body(EX.Speed, "Seen.") == {"property": str(EX.Speed), "reason": "Seen."}


def test_level_moves_only_what_differs_and_reads_what_was_held():
    """One Change, with the levels before as its read set; None where nothing differs."""
    change = autonomy_change([(EX.a, "shadow"), (EX.b, "advise")], "advise", "trial", NOW_US)

    assert change is not None
    assert [(q.s, q.o) for q in change.adds] == [(EX.a, Literal("advise"))]
    assert [(q.s, q.o) for q in change.removes] == [(EX.a, Literal("shadow"))]
    assert [(e.s, e.o, e.present) for e in change.read_set] == [(EX.a, Literal("shadow"), True)]
    assert autonomy_change([(EX.b, "advise")], "advise", "trial", NOW_US) is None


def test_grants_are_read_from_the_picture_of_the_line():
    """Nodes with a level and their links; risk class decides how many approve."""
    model = LineModel()
    for s, p, o in (
        (EX.g, TW.level, "veto-window"),
        (EX.g, TW.ofRule, str(EX.Rule)),
        (EX.g, TW.hasScope, str(EX.Line)),
        (EX.Speed, TW.writeGrant, str(EX.grant)),
        (EX.grant, TW.riskClass, 4),
    ):
        model.facts[str(s), str(p)] = o

    grants = grants_in(model)

    assert grants == (Autonomy(EX.g, Level.VETO_WINDOW, None, EX.Rule, EX.Line),)
    assert (approvals_needed(model, EX.Speed), approvals_needed(model, EX.Other)) == (2, 1)
    assert chosen(grants, EX.Rule, EX.Line) == chosen(grants, EX.Rule) == list(grants)
    for about, scope in ((EX.Agent, None), (EX.Rule, EX.Filler)):
        with pytest.raises(UnknownNode):
            chosen(grants, about, scope)


def test_scopes_are_those_of_the_model_from_the_inside_out():
    """As asserted, so that the innermost place comes first; a circle hangs nobody."""
    bottling = load(Path(str(files("plants.bottling"))))
    bot = Namespace("https://w3id.org/twinwright/plants/bottling#")
    circle = Graph().parse(data=f"<{EX.a}> <{ISA95.isPartOf}> <{EX.b}> . <{EX.b}> <{ISA95.isPartOf}> <{EX.a}> .")
    plant = replace(bottling, graphs={GraphName.PLANT: circle})

    assert scopes_of(bottling, bot.Labeller)[:3] == [bot.Labeller, bot.Line, bot.Packaging]
    assert scopes_of(plant, EX.a) == [EX.a, EX.b]


def test_levels_are_words():
    """Each level by its word, and nothing else: a typing error is not taken for off."""
    assert [require_level(level.word) for level in Level] == list(Level)
    with pytest.raises(BadValue):
        require_level("wild")


def test_told_knows_who_heard():
    """One silent part is a problem to tell of, two are none who heard, and a caller's error is raised."""
    verdict = Verdict(new_id(), True, 9, "R")
    whole, half, lost = Told(verdict=verdict), Told(), Told()
    half.failed(CORE, ServiceDown("The core does not answer."))
    lost.failed(GATEWAY, ServiceDown("The gateway does not answer."))

    assert (whole.is_complete, whole.is_lost, whole.seq) == (True, False, 9)
    assert (half.is_complete, half.is_lost, half.heard) == (False, False, {GATEWAY: True, CORE: False})
    assert lost.is_lost
    with pytest.raises(NotAuthorised):
        Told().failed(GATEWAY, NotAuthorised("You may not."))


def test_sender_is_nobody():
    """Who speaks is known from the token alone, so a Change to be sent carries no authority."""
    assert stop_change(Stop(URIRef(TW.Plant), None), NOW_US).source.role == "viewer"
