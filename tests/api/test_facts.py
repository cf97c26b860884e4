"""What is known of the line, by predicate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from api.live.facts import Facts

_KEYS = st.tuples(st.sampled_from("abc"), st.sampled_from("pq"))
_STEPS = st.lists(st.tuples(_KEYS, st.none() | st.integers(0, 3)))


@given(_STEPS)
def test_a_plain_dictionary_that_knows_its_predicates(steps: list[tuple[tuple[str, str], int | None]]) -> None:
    """Whatever is set and taken away, both agree, and so does what is known of each predicate."""
    plain: dict[tuple[str, str], int] = {}
    facts = Facts()
    for key, value in steps:
        for each in (plain, facts):
            if value is None:
                each.pop(key, None)
            else:
                each[key] = value

    assert dict(facts) == plain
    assert len(facts) == len(plain)
    assert facts.get(("z", "z")) is None
    assert {("a", "p"): facts.get(("a", "p"))} == {("a", "p"): plain.get(("a", "p"))}
    for predicate in "pqr":
        assert dict(facts.of(predicate)) == {s: value for (s, p), value in plain.items() if p == predicate}
