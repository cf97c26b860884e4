"""The gateway's pure judgements: allow-list, limits, rates, stops, and what a feedback proves."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from asyncua.ua.status_codes import StatusCodes
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph, URIRef

from kg.bindings import Binding, WriteGrant
from kg.errors import NotWritable
from kg.opcua.gateway import Order, Result, Stop, StopMode, Target, read_site
from kg.opcua.gateway.confirm import Sent, is_moving, judge, refusal
from kg.opcua.gateway.device import Sample
from kg.opcua.gateway.limits import ends_heartbeat, rate_objection, step_objection, stop_objection, value_objection
from kg.opcua.gateway.precheck import Before
from kg.opcua.gateway.shipped import is_loopback
from ontology import TW

AGENT, RULE = "https://example.org/mini#LineAgent", "https://example.org/mini#CatchUp"
HOUR_US = 3_600_000_000


@pytest.fixture
def site(model_of, policy):
    return read_site(model_of("opc.tcp://127.0.0.1:4840/"), policy)


@pytest.fixture
def target(site, iri):
    return site.target(iri("Filler.SetMachSpeed"))


@pytest.fixture
def order(iri):
    return Order("urn:r", "urn:d", str(iri("Filler.SetMachSpeed")), 410.0, 400.0, AGENT, AGENT, RULE, 1, 0, "release")


def test_the_allow_list_holds_what_is_granted_and_complete(site, iri):
    """One granted setpoint; everything else is not writable, and the reason is given."""
    assert list(site.targets) == [iri("Filler.SetMachSpeed")]
    assert site.target(iri("Filler.SetMachSpeed")).scopes == {
        iri("Filler.SetMachSpeed"),
        iri("Filler"),
        iri("Line"),
        iri("Packaging"),
    }
    assert [b.prop for b in site.heartbeats] == [iri("Line.Heartbeat")]
    with pytest.raises(NotWritable, match="allow-list"):
        site.target(iri("Line.Heartbeat"))


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("bot:Filler.SetMachSpeed tw:neverWritten true .", "never written"),
        ("bot:Grant tw:riskClass 5 .", "risk class"),
        ('bot:Filler.SetMachSpeed ua:accessLevel "read" .', "readWrite"),
        ("bot:Filler.SetMachSpeed tw:feedback bot:Nowhere .", "feedback"),
        ("bot:Filler.Remote isa95:isPropertyOf bot:Labeller .", "siteRemote"),
        ('bot:Filler.SetMachSpeed ua:dataType "Boolean" .', "no number"),
        ("bot:Filler.SetMachSpeed tw:unit [] .", "unit"),
    ],
)
def test_a_grant_alone_makes_nothing_writable(model_of, policy, iri, statement, reason):
    """Each missing condition keeps a granted property off the list."""
    plant = model_of("opc.tcp://127.0.0.1:4840/")
    prefixes = "\n".join(f"@prefix {p}: <{n}> ." for p, n in plant.namespaces())
    for s, p, o in Graph().parse(data=f"{prefixes}\n{statement}", format="turtle"):
        for graph in (plant, policy):
            if (s, p, None) in graph:
                graph.remove((s, p, None))
                if p != TW.unit:
                    graph.add((s, p, o))
        if p == TW.neverWritten:
            plant.add((s, p, o))

    site = read_site(plant, policy)

    assert site.targets == {}
    with pytest.raises(NotWritable, match=reason):
        site.target(iri("Filler.SetMachSpeed"))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e39, 99.9, 440.1])
def test_a_value_outside_type_or_range_is_refused(order, target, value):
    """NaN, infinities, what no Float can hold, and what lies outside the grant."""
    assert value_objection(replace(order, value=value), target) is not None


@given(st.floats(100, 440))
@settings(deadline=None, max_examples=50)
def test_every_value_inside_the_grant_passes(value):
    """The range is closed at both ends."""
    target = _target()
    assert value_objection(Order("r", "d", "t", value, 400.0, "a", None, None, 1, 0, ""), target) is None


def test_the_step_is_measured_from_what_the_controller_holds(target):
    """Too large a step is refused; so is no step at all, which would only wear the machine."""
    assert step_objection(410.0, 400.0, target) is None
    assert step_objection(410.0, 280.0, target).code == "step"
    assert step_objection(400.2, 400.0, target).code == "already"


def test_writes_are_rare_and_counted_over_a_sliding_hour(target):
    """The interval since the last write, then the number within the hour; a clock set back does not open the gate."""
    now = 10 * HOUR_US
    assert rate_objection([], now, target) is None
    assert rate_objection([now - 9_000_000], now, target).code == "interval"
    assert rate_objection([now + 60_000_000], now, target).code == "interval"
    five = [now - HOUR_US // 2 - n * 20_000_000 for n in range(5)]
    assert rate_objection(five, now, target).code == "rate"
    assert rate_objection([at - HOUR_US for at in five], now, target) is None


@pytest.mark.parametrize("scope", [str(TW.Plant), "Packaging", "Line", "Filler", "Filler.SetMachSpeed", AGENT, RULE])
def test_a_stop_reaches_everything_in_its_scope(order, target, iri, scope):
    """The plant, an area, a line, a machine, a property, an agent, a rule."""
    stop = Stop(scope if ":" in scope else str(iri(scope)), StopMode.NO_WRITES, None, "leak", "urn:olga", 0)
    elsewhere = replace(stop, scope=str(iri("Labeller")))

    assert stop_objection([stop], order, target).code == "stopped"
    assert stop_objection([elsewhere], order, target) is None


def test_propose_only_holds_back_agents_and_not_people(order, target):
    """A person's own request passes a propose-only stop, and no other."""
    person = replace(order, author="urn:olga", agent=None, rule=None)
    for mode, blocks in ((StopMode.PROPOSE_ONLY, False), (StopMode.NO_WRITES, True), (StopMode.READ_ONLY, True)):
        stop = Stop(str(TW.Plant), mode, None, "", "urn:olga", 0)
        assert (stop_objection([stop], person, target) is not None) is blocks
        assert stop_objection([stop], order, target) is not None
        assert ends_heartbeat([stop]) is (mode is StopMode.READ_ONLY)


BEFORE = Before(Sample(400.0, 0, 1_000), Sample(400.0, 0, 1_000), Sample(400.0, 0, 1_000), 6)
SENT = Sent(410.0, 0.5, 0, BEFORE)
HELD = Sample(410.0, 0, 2_000)


def test_only_a_newer_feedback_with_the_value_confirms():
    """An old time stamp proves nothing, however right the value."""
    assert judge(SENT, Sample(410.2, 0, 2_000), None, HELD, False).result is Result.CONFIRMED
    assert judge(SENT, Sample(410.0, 0, 1_000), None, HELD, False) is None
    assert judge(SENT, Sample(410.0, 0, 1_000), None, HELD, True).result is Result.UNKNOWN


def test_a_feedback_that_settles_elsewhere_is_a_clamp():
    """At once where the controller said so, else when the time is over."""
    there = Sample(405.0, 0, 2_000)
    assert judge(SENT, there, None, HELD, False) is None
    assert judge(SENT, there, None, HELD, True).result is Result.CLAMPED
    said = replace(SENT, status=StatusCodes.GoodClamped)
    assert judge(said, there, None, HELD, False).result is Result.CLAMPED


def test_staying_at_the_old_value_is_a_refusal_only_when_it_is_proved():
    """A newer feedback, or a newer effect of the same controller, proves that its program went on without the value."""
    same, old = Sample(400.0, 0, 1_000), Sample(400.0, 0, 1_000)
    assert judge(SENT, Sample(400.0, 0, 2_000), None, HELD, True).result is Result.REFUSED
    assert judge(SENT, same, Sample(400.0, 0, 2_000), HELD, True).result is Result.REFUSED
    assert judge(SENT, same, old, HELD, True).result is Result.UNKNOWN
    for status in (None, StatusCodes.GoodCompletesAsynchronously):
        waiting = replace(SENT, status=status)
        assert judge(waiting, Sample(400.0, 0, 2_000), None, HELD, True).result is Result.UNKNOWN


def test_a_feedback_of_bad_quality_proves_nothing():
    """Not even when value and time fit."""
    bad = Sample(410.0, int(StatusCodes.BadSensorFailure), 2_000)
    assert judge(SENT, bad, None, HELD, False) is None
    assert judge(SENT, bad, None, HELD, True).result is Result.UNKNOWN


def test_a_feedback_that_held_the_value_already_needs_the_setpoint_to_hold_it_too():
    """After a clamp to 410, asking for 410 changes the setpoint alone; on-change feedback has nothing to say."""
    sent = replace(SENT, before=replace(BEFORE, feedback=Sample(410.0, 0, 1_000), setpoint=Sample(450.0, 0, 900)))
    unchanged = Sample(410.0, 0, 1_000)
    assert judge(sent, unchanged, None, HELD, False).result is Result.CONFIRMED
    assert judge(sent, unchanged, None, Sample(450.0, 0, 900), False) is None
    assert judge(replace(sent, status=None), unchanged, None, HELD, True).result is Result.UNKNOWN


def test_a_clear_no_is_a_refusal_and_an_unclear_one_is_not():
    """The code's name is the reason; codes about communication do not say what the device did."""
    assert refusal(int(StatusCodes.BadOutOfRange)).code == "BadOutOfRange"
    assert refusal(int(StatusCodes.BadCommunicationError)) is None
    assert refusal(None) is None
    assert refusal(0) is None


def test_the_effect_is_seen_when_it_comes_nearer():
    """Half-way counts, standing still and moving away do not."""
    assert is_moving(SENT, Sample(405.0, 0, 2_000))
    assert not is_moving(SENT, Sample(400.0, 0, 2_000))
    assert not is_moving(SENT, Sample(390.0, 0, 2_000))
    assert not is_moving(SENT, Sample(410.0, int(StatusCodes.BadSensorFailure), 2_000))


@given(
    st.sampled_from([None, 0, int(StatusCodes.GoodClamped), int(StatusCodes.GoodCompletesAsynchronously)]),
    st.floats(0, 600),
    st.integers(0, 3_000),
    st.floats(0, 600),
    st.integers(0, 3_000),
)
@settings(deadline=None, max_examples=200)
def test_what_is_confirmed_is_what_the_feedback_shows_and_an_end_always_comes(status, value, at, effect, effect_at):
    """Whatever the samples: confirmed only within tolerance and newer than before; over time there is an ending."""
    sent = replace(SENT, status=status)
    ending = judge(sent, Sample(value, 0, at), Sample(effect, 0, effect_at), HELD, True)

    assert ending is not None
    assert (ending.result is Result.CONFIRMED) == (abs(value - 410.0) <= 0.5 and at > 1_000)
    assert ending.result is not Result.CLAMPED or (at > 1_000 and abs(value - 410.0) > 0.5)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("opc.tcp://127.0.0.1:4840/x", True),
        ("opc.tcp://127.5.5.5:4840", True),
        ("opc.tcp://[::1]:4840", True),
        ("opc.tcp://localhost:4840", True),
        ("opc.tcp://192.168.0.7:4840", False),
        ("opc.tcp://plc.example:4840", False),
        ("opc.tcp://127.0.0.1.example:4840", False),
        ("nonsense", False),
    ],
)
def test_only_loopback_addresses_are_on_this_machine(url, expected):
    """By address or by the one name that means it."""
    assert is_loopback(url) is expected


def _target():
    grant = WriteGrant(URIRef("urn:p"), 100.0, 440.0, 120.0, 10.0, 5, 0.5, 0.6, 1)
    binding = Binding(URIRef("urn:p"), URIRef("urn:e"), URIRef("urn:q"), URIRef("urn:s"), "nsu=u;s=x", "Float", "/min")
    return Target(binding, grant, binding, None, {}, frozenset())
