"""The tour: steps are done when the facts say so, and never otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tour_looks import facts, truth

from api.tour import (
    STEPS,
    Approved,
    Asked,
    Facts,
    Jammed,
    Killed,
    Loss,
    Opened,
    Seen,
    StepId,
    Tour,
    step_of,
    unsafe_change,
    unsafe_wish,
)
from kg.change import Kind
from kg.errors import PlantIncomplete


def proposal(stage: str = "shadow", ident: str = "urn:uuid:1") -> Seen:
    return Seen(ident, "Filler.SetMachSpeed", "240", stage, "The labeller stands.", True)


def walk(*looks: Facts, tour: Tour | None = None) -> Tour:
    tour = tour or Tour()
    for look in looks:
        tour = tour.looking(look)
    return tour


def reached(tour: Tour, step: StepId) -> list[str]:
    return [mark.id for mark in step_of(step).marks if mark.id in tour.reached]


def test_a_fresh_tour_begins_with_the_order() -> None:
    """Nothing is reached without facts, and a twin that does not answer gives none."""
    tour = walk(Facts(at_us=1, answers=False), facts(answers=False))

    assert tour.reached == {}
    assert tour.current is STEPS[0]
    assert [tour.progress(step)[0] for step in STEPS] == [0] * 7


def test_the_order_is_done_when_its_count_goes_up() -> None:
    """Knowing the number is not enough; the sentence gives both counts."""
    known = walk(facts())
    still = walk(facts(), tour=known)
    grown = walk(facts(actual=1040, truth=truth(1050)), tour=still)

    assert reached(known, StepId.ORDER) == reached(still, StepId.ORDER) == ["order-known"]
    assert grown.is_done(STEPS[0])
    assert grown.reached["order-grows"] == "40 more since you came. The line's own counter says 1,050."
    assert grown.current is STEPS[1]


def test_a_jam_is_followed_from_machine_to_losses() -> None:
    """The machine's word, the twin's word, the minutes; losses of an earlier jam do not count."""
    earlier = facts(losses=(Loss("Labeller", "jam", 2.0),))
    struck = Tour().after(Jammed("Labeller"), earlier)
    standing = facts(truth=truth(Labeller={"state": 11, "reason": 1}), losses=earlier.losses)
    stands = walk(standing, tour=struck)
    seen = walk(replace(standing, reasons={"Labeller": "jam"}), tour=stands)
    lost = walk(facts(losses=(Loss("Labeller", "jam", 2.3),)), tour=seen)

    assert reached(struck, StepId.JAM) == ["jam-made"]
    assert reached(stands, StepId.JAM) == ["jam-made", "jam-stands"]
    assert reached(seen, StepId.JAM) == ["jam-made", "jam-stands", "jam-seen"]
    assert lost.reached["jam-lost"] == "Top losses: labeller jam, 2.3 min (2.0 min before)."


def test_a_jam_that_nobody_made_is_not_the_visitors() -> None:
    """The line jams by itself, too."""
    tour = walk(facts(truth=truth(Labeller={"state": 11, "reason": 1}), reasons={"Labeller": "jam"}))

    assert reached(tour, StepId.JAM) == []


def test_a_proposal_counts_as_read_when_it_was_opened() -> None:
    """A person's request is no proposal, and an id that nobody knows opens nothing."""
    request = Seen("urn:uuid:2", "Filler.SetMachSpeed", "380", "confirmed", "trial", False)
    none = walk(facts(decisions=(request,)))
    there = walk(facts(decisions=(request, proposal())), tour=none)
    unknown = there.after(Opened("urn:uuid:9"), facts(decisions=(request, proposal())))
    read = unknown.after(Opened("urn:uuid:1"), facts(decisions=(request, proposal())))

    assert reached(none, StepId.READ) == []
    assert reached(unknown, StepId.READ) == ["proposal-made"]
    assert read.reached["proposal-read"] == "You have read why it proposes Filler.SetMachSpeed = 240."


def test_an_approval_is_followed_to_its_effect() -> None:
    """Level, approval, the controller's word, and the comparison, each from what is on record."""
    approve = ("approve", "approve")
    raised = walk(facts(levels=("approve", "shadow")), facts(levels=approve))
    half = walk(facts(levels=("approve", "shadow")))
    open_one = facts(levels=approve, decisions=(proposal("negotiated"),))
    said = walk(open_one, tour=raised).after(Approved("urn:uuid:1"), open_one)
    confirmed = walk(facts(levels=approve, decisions=(proposal("committed"),)), tour=said)
    effects = {"urn:uuid:1": "Predicted about +70 units; seen +64."}
    compared = walk(facts(decisions=(proposal("committed"),), effects=effects), tour=confirmed)

    assert reached(half, StepId.APPROVE) == []
    assert reached(said, StepId.APPROVE) == ["level-raised", "proposal-approved"]
    assert reached(confirmed, StepId.APPROVE)[-1] == "write-confirmed"
    assert compared.reached["effect-compared"] == effects["urn:uuid:1"]


@pytest.mark.parametrize("stage", ["refused", "blocked", "expired", "unknown", "clamped", "compensated"])
def test_an_approved_proposal_that_was_not_written_confirms_nothing(stage: str) -> None:
    """The tour does not claim what the controller did not say; the next approval has its own chance."""
    approve = ("approve",)
    said = walk(facts(levels=approve, decisions=(proposal(stage),))).after(
        Approved("urn:uuid:1"), facts(levels=approve, decisions=(proposal(stage),))
    )
    other = facts(levels=approve, decisions=(proposal(stage), proposal("committed", "urn:uuid:5")))
    again = said.after(Approved("urn:uuid:5"), other)

    assert reached(said, StepId.APPROVE) == ["level-raised", "proposal-approved"]
    assert reached(again, StepId.APPROVE)[-1] == "write-confirmed"


def test_an_approval_elsewhere_counts_as_well() -> None:
    """On the page Operate, or at the command line."""
    tour = walk(facts(levels=("approve",), decisions=(proposal("written"),)))

    assert reached(tour, StepId.APPROVE) == ["level-raised", "proposal-approved"]


def _asked(**changes: Any) -> Asked:
    asked = Asked("urn:uuid:3", "Filler", 880.0, "/min", False, "Too fast.", "LIM-SPEED-MAX", is_unsafe=True)
    return replace(asked, **changes)


def test_an_unsafe_value_is_refused_by_a_shape() -> None:
    """The shape is named, and the controller's own word shows that it never heard of it."""
    tour = Tour().after(_asked(), facts())

    assert tour.is_done(step_of(StepId.UNSAFE))
    assert tour.reached["unsafe-refused"] == "Refused by the shape LIM-SPEED-MAX: Too fast."
    assert tour.reached["unsafe-unseen"] == "The filler's controller works with 400 /min."


@pytest.mark.parametrize(
    "changes", [{"admitted": True, "sentence": "", "shape": None}, {"shape": None, "sentence": "No approval."}]
)
def test_what_no_shape_refused_is_not_passed_off_as_such(changes: dict[str, Any]) -> None:
    """Admitted, or refused for another reason: the step stays open."""
    tour = Tour().after(_asked(**changes), facts())

    assert reached(tour, StepId.UNSAFE) == ["unsafe-asked"]


def test_local_blocks_until_the_key_is_turned_back() -> None:
    """Key, twin's knowledge, a blocked request, and back again."""
    turned = facts(truth=truth(Packer={"local": True}))
    taken = walk(turned)
    known = walk(replace(turned, local=frozenset({"Packer"})), tour=taken)
    other = known.after(_asked(machine="Filler", value=380.0, is_unsafe=False), turned)
    blocked = known.after(_asked(machine="Packer", value=470.0, is_unsafe=False), turned)
    half = walk(facts(local=frozenset({"Packer"})), tour=blocked)
    back = walk(facts(), tour=half)

    assert reached(taken, StepId.LOCAL) == ["local-taken"]
    assert reached(known, StepId.LOCAL) == reached(other, StepId.LOCAL) == ["local-taken", "local-seen"]
    assert reached(half, StepId.LOCAL)[-1] == "local-blocks"
    assert back.is_done(step_of(StepId.LOCAL))


def test_an_admitted_request_in_local_is_no_block() -> None:
    """Should the twin ever let one through, the tour says nothing else."""
    turned = facts(truth=truth(Packer={"local": True}), local=frozenset({"Packer"}))
    tour = walk(turned).after(_asked(machine="Packer", admitted=True, shape=None, is_unsafe=False), turned)

    assert reached(tour, StepId.LOCAL) == ["local-taken", "local-seen"]


def test_the_twin_is_killed_and_the_line_goes_on() -> None:
    """Silence, bottles counted at the line itself, and the return, with the seconds it took."""
    killed = Tour().after(Killed(("core", "gateway", "agents")), facts(truth=truth(2000)))
    dead = walk(facts(answers=False, truth=truth(2000)), tour=killed)
    goes_on = walk(facts(answers=False, truth=truth(2090)), tour=dead)
    back = walk(facts(at_us=1_006_000_000, truth=truth(2200)), tour=goes_on)

    assert killed.reached["twin-killed"] == "You killed core, gateway and agents."
    assert reached(dead, StepId.KILL)[-1] == "twin-dead"
    assert goes_on.reached["line-goes-on"] == (
        "The line has made 90 bottles since the kill, and the twin still does not answer."
    )
    assert back.reached["twin-back"] == "It answers again, 6 s after it was killed."


def test_a_line_that_stands_is_not_said_to_go_on() -> None:
    """No new bottle at its end, no mark; nor where the plant could not be asked."""
    killed = Tour().after(Killed(("core",)), facts(truth=truth(2000)))
    blind = Tour().after(Killed(("core",)), facts(truth=None))

    for tour in (killed, blind):
        seen = walk(facts(answers=False, truth=truth(2000)), facts(truth=truth(2000)), tour=tour)
        assert reached(seen, StepId.KILL) == ["twin-killed", "twin-dead"]


def test_steps_may_be_taken_in_any_order_and_again() -> None:
    """Nothing that was reached is lost, unless its step is begun anew."""
    done = Tour().after(_asked(), facts())
    still = walk(facts(answers=False), tour=done)
    anew = still.again(StepId.UNSAFE)

    assert still.is_done(step_of(StepId.UNSAFE))
    assert still.current is STEPS[0]
    assert reached(anew, StepId.UNSAFE) == reached(walk(facts(), tour=anew), StepId.UNSAFE) == []


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.id))
def test_every_step_can_be_begun_anew(step: Any) -> None:
    """The memory forgets the deeds of that step and no others."""
    tour = Tour().after(_asked(), facts()).after(Jammed("Labeller"), facts()).after(Killed(("core",)), facts())
    again = tour.again(step.id)

    assert again.progress(step)[0] == 0
    assert {key for key in tour.reached if key not in {m.id for m in step.marks}} == set(again.reached)


def test_every_step_says_what_to_do_and_what_to_look_at() -> None:
    """Sentences, and marks of one name each."""
    names = [mark.id for step in STEPS for mark in step.marks]

    assert [step.id for step in STEPS] == list(StepId)
    assert len(set(names)) == len(names)
    assert all(step.do.endswith(".") and step.look.endswith(".") and step.do.count(". ") == 0 for step in STEPS)


def test_the_unsafe_wish_is_twice_what_is_granted(bottling: Any) -> None:
    """For the riskiest property, as a request like any other."""
    wish = unsafe_wish(bottling)
    change = unsafe_change(wish, 1_000_000)

    assert wish.binding.prop.endswith("#Filler.SetMachSpeed")
    assert (wish.value, wish.limit) == (880.0, 440.0)
    assert change.kind is Kind.REQUEST
    assert change.detail["decision"] == change.id


def test_a_plant_that_may_not_be_written_has_nothing_unsafe(bottling: Any) -> None:
    """Said as what it is."""
    with pytest.raises(PlantIncomplete, match="nothing unsafe"):
        unsafe_wish(replace(bottling, grants=()))
