"""The state machine of a decision, under every sequence of events that hypothesis finds."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.levels import Granted, Level
from agents.pipeline import (
    Begun,
    Checked,
    Dropped,
    DryRun,
    End,
    Judged,
    Lost,
    Passed,
    Record,
    Regraded,
    Reported,
    Request,
    Said,
    Stage,
    State,
    TargetFree,
    Waiting,
    step,
)

EXPIRES = 1000
levels = st.sampled_from(Level).map(lambda level: Granted(level, None))
times = st.integers(0, 3 * EXPIRES).map(lambda t: t * 100_000)
events = st.one_of(
    st.builds(Begun, levels, st.integers(1, 2), st.just({}), st.sampled_from([None, None, None, "urn:other"])),
    st.builds(Checked, st.booleans(), st.just({}), times, st.booleans()),
    st.builds(Said, st.sampled_from(["urn:olga", "urn:sam"]), st.booleans(), times, times),
    st.builds(Passed, times),
    st.builds(Dropped, st.sampled_from([End.WITHDRAWN, End.SUPERSEDED, End.OUTRANKED]), st.just("why")),
    st.builds(Regraded, levels),
    st.builds(Judged, st.booleans(), st.just({})),
    st.builds(Lost, st.just("gone")),
    st.builds(Reported, st.sampled_from(Stage), st.booleans(), st.just({})),
    st.builds(
        Reported,
        st.none(),
        st.booleans(),
        st.just({}),
        st.sampled_from(["confirmed", "refused", "clamped", "blocked", "expired", "unknown", "nonsense"]),
    ),
    st.just(TargetFree()),
)
begun = st.builds(Begun, levels, st.integers(1, 2), st.just({}))
lives = st.builds(lambda first, rest: [first, *rest], begun, st.lists(events, max_size=25))


def live(life: list[Any], can_compensate: bool = True) -> tuple[State, list[tuple[Any, State, Any]]]:
    """The final state, and (event, state after, action) in order."""
    state, trace = State(EXPIRES * 100_000, can_compensate=can_compensate), []
    for event in life:
        state, actions = step(state, event)
        trace += [(event, state, action) for action in actions]
    return state, trace


@settings(deadline=None, max_examples=150)
@given(lives, st.booleans())
def test_at_most_one_request_and_one_compensation(life: list[Any], can_compensate: bool) -> None:
    """Nothing is ever sent twice, and a compensation only after the request."""
    _, trace = live(life, can_compensate)

    sent = [action.compensation for _, _, action in trace if isinstance(action, Request)]

    assert sent in ([], [False], [False, True])


@settings(deadline=None, max_examples=150)
@given(lives)
def test_a_request_follows_a_good_check_and_an_approval(life: list[Any]) -> None:
    """Before the request there is a check that admitted it (or lacked approval alone) and an approval on record."""
    _, trace = live(life)

    for index, (_, _, action) in enumerate(trace):
        if isinstance(action, Request) and not action.compensation:
            before = [(event, done) for event, _, done in trace[:index]]
            checks = [event for event, done in before if isinstance(done, Record) and done.step == "checked"]
            assert checks[0].admitted or checks[0].lacks_approval_only
            assert before[-1][1] == Record("approved", True, before[-1][1].facts)


@settings(deadline=None, max_examples=150)
@given(lives)
def test_low_levels_never_act(life: list[Any]) -> None:
    """A proposal made at off, shadow or advise never becomes a request, whatever happens."""
    life[0] = Begun(Granted(Level.ADVISE, None), 1, {})

    _, trace = live(life)

    assert not any(isinstance(action, Request) for _, _, action in trace)


@settings(deadline=None, max_examples=150)
@given(lives)
def test_an_end_is_final_and_recorded_once(life: list[Any]) -> None:
    """A decision that has ended has exactly one end on record and takes no further action."""
    state, trace = live(life)

    ends = [action for _, _, action in trace if isinstance(action, Record) and action.step in set(End)]
    ends = [record for record in ends if not (record.step == "clamped" and state.end is not End.CLAMPED)]
    if state.end is not None:
        assert trace[-1][2] == ends[-1]
        assert ends[-1].step == state.end
        for event in life:
            assert step(state, event) == (state, ())


@settings(deadline=None, max_examples=150)
@given(lives)
def test_stages_never_go_back(life: list[Any]) -> None:
    """The stage only moves forward, and the same life gives the same trace."""
    _, trace = live(life)

    orders = [state.stage.order for _, state, _ in trace if state.stage is not None]

    assert orders == sorted(orders)
    assert live(life)[1] == trace


@settings(deadline=None, max_examples=150)
@given(lives)
def test_everything_ends_in_time(life: list[Any]) -> None:
    """Time alone brings every begun decision to an end; before a request, never by approving after the expiry."""
    state, _ = live(life)

    requests = 0
    for _ in range(4):
        if state.end is None and state.waiting is not Waiting.CHECK:
            state, actions = step(state, Passed((state.deadline_us or 0) + 10**9))
            requests += sum(isinstance(action, Request) for action in actions)

    assert state.end is not None or state.waiting is Waiting.CHECK
    assert requests == 0


@settings(deadline=None, max_examples=100)
@given(lives)
def test_once_sent_it_cannot_be_taken_back(life: list[Any]) -> None:
    """After the request only the Gate's verdict, the gateway's report or lost time ends a decision."""
    _, trace = live(life)

    sent = False
    for event, state, action in trace:
        if sent and state.end is not None:
            assert isinstance(event, Judged | Reported | Passed)
        sent = sent or isinstance(action, Request)


def test_the_whole_way_of_an_autonomous_proposal() -> None:
    """reasoned, checked, simulated, negotiated, approved, requested, then the gateway's stages to committed."""
    life = [
        Begun(Granted(Level.AUTONOMOUS, None), 1, {}),
        Checked(True, {}, 5),
        Judged(True, {}),
        *(Reported(stage, True, {}) for stage in list(Stage)[6:]),
        Reported(None, True, {}, "confirmed"),
    ]

    state, trace = live(life)

    steps = [action.step for _, _, action in trace if isinstance(action, Record)]
    assert steps == ["reasoned", "checked", "simulated", "negotiated", "approved", "requested", "committed"]
    assert [type(action) for _, _, action in trace if not isinstance(action, Record)] == [DryRun, Request]
    assert state.stage is Stage.EFFECT


def test_what_is_not_evaluated_says_so() -> None:
    """Simulation and negotiation are on record as not evaluated, with the reason."""
    _, trace = live([Begun(Granted(Level.SHADOW, None), 1, {}), Checked(True, {}, 5)])

    notes = {action.step: action.facts for _, _, action in trace if isinstance(action, Record)}

    assert notes["simulated"]["evaluated"] is False
    assert notes["simulated"]["why"]
    assert notes["negotiated"]["evaluated"] is False


def test_two_persons_are_two_persons() -> None:
    """Where two approvals are needed, the same person twice is one."""
    life = [
        Begun(Granted(Level.APPROVE, None), 2, {}),
        Checked(False, {}, 5, lacks_approval_only=True),
        Said("urn:olga", True, 10**9, 6),
        Said("urn:olga", True, 10**9, 7),
    ]
    state, trace = live(life)
    assert not any(isinstance(action, Request) for _, _, action in trace)

    _, actions = step(state, Said("urn:sam", True, 10**9, 8))

    assert actions[-1] == Request()


def test_an_outcome_nobody_understands_is_unknown() -> None:
    """Anything unclear is unknown, never success."""
    life = [
        Begun(Granted(Level.AUTONOMOUS, None), 1, {}),
        Checked(True, {}, 5),
        Judged(True, {}),
        Reported(None, True, {}, "nonsense"),
    ]

    assert live(life)[0].end is End.UNKNOWN
