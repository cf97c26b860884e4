"""The way through the graph: facts of a node, the drawn neighbourhood, and the picture of it."""

from __future__ import annotations

import json

from bottling import BOT, about, answer, info

from api.console.explore import picture
from api.console.explore.board import MORE, STEP, Board, Hidden
from api.console.explore.facts import About, Fact, Node
from api.console.explore.facts_html import facts_html, found_html
from api.console.explore.graph_answer import MOST_SHOWN, drawn_of, shown_text
from api.console.explore.names import Kind, predicate_words, short

FILLER = BOT + "Filler"


def hub(count: int, graph: str = "plant") -> About:
    """A node with many neighbours."""
    others = [Node(f"urn:n:{number:04}", f"N {number}", Kind.OTHER) for number in range(count)]
    facts = tuple(Fact(False, "urn:p", "p", node.label, node.iri, (node,), (graph,)) for node in others)
    return About(Node("urn:hub", "Hub", Kind.EQUIPMENT), (), "", facts, (), False)


def facts(iri: str) -> dict[tuple[bool, str], list[str]]:
    found: dict[tuple[bool, str], list[str]] = {}
    for fact in about(iri).facts:
        found.setdefault((fact.inverse, fact.words), []).append(
            ", ".join(node.label for node in fact.others) or fact.value
        )
    return found


def test_values_carry_units_and_words() -> None:
    """A value of a bound property has the label and unit of its binding; states are in operators' words."""
    told = facts(FILLER)

    assert told[False, "actual speed"] == ["399.5 per min"]
    assert told[False, "state"] == ["6 (running)"]
    assert told[False, "active power"] == ["40.4 kW"]
    assert told[False, "feeds"] == ["Conveyor from filler to labeller"]
    assert told[True, "feeds"] == ["Conveyor from depalletiser to filler"]


def test_a_fact_names_its_graphs_once() -> None:
    """One triple in two graphs is one fact."""
    types = [fact for fact in about(FILLER).facts if fact.words == "is a"]

    assert {fact.others[0].label: fact.graphs for fact in types} == {"Machine": ("plant",), "Equipment": ("inferred",)}
    assert [fact.inferred for fact in types] == [True, False]


def test_unnamed_nodes_are_passed_through() -> None:
    """What stands behind a blank node is what one goes to."""
    told = [fact for fact in about("https://w3id.org/twinwright/shapes#PERM-MAINTENANCE").facts if fact.words == "path"]

    assert told[0].others
    assert all(node.iri for node in told[0].others)


def test_classes_lead_to_their_shapes() -> None:
    """Shapes of a class and of those above it, on the class and on its members."""
    names = {check.node.label for check in about(FILLER).checks}
    of_class = {check.node.label for check in about("https://w3id.org/twinwright/packml#Machine").checks}

    assert "Highest speed asked for" in names & of_class
    assert "Place in the hierarchy" in names & of_class


def test_a_node_that_is_not_there() -> None:
    """It is shown as unknown, not as an error."""
    assert not about("urn:x:nothing").known
    assert about(FILLER).known


def test_decisions_lead_to_their_explanation() -> None:
    """A decision has a page of its own; nothing else has."""
    assert about("urn:uuid:641d536f-7bc2-417c-a28b-8824267802ea").decision == "641d536f-7bc2-417c-a28b-8824267802ea"
    assert about(FILLER).decision is None


def test_every_neighbour_is_a_link() -> None:
    """The tables are the way through the graph without the picture."""
    seen = about(FILLER)

    html = facts_html(seen)

    assert all(f'data-node="{node.iri}"' in html for fact in seen.facts for node in fact.others)
    assert html.count("<table") == 3
    assert '<th scope="col">Graph</th>' in html


def test_facts_are_escaped() -> None:
    """Labels, values and definitions come from anybody who may edit the model."""
    nasty = "<script>alert(1)</script>"
    node = Node("urn:x:1", nasty, Kind.OTHER)
    fact = Fact(False, "urn:p:1", nasty, nasty, nasty, (), (nasty,))
    seen = About(node, (), "", (fact, Fact(True, "urn:p:1", nasty, nasty, "urn:x:2", (node,), ("plant",))), (), False)

    assert "<script" not in facts_html(seen)
    assert "<script" not in found_html([node])


def test_a_board_draws_some_and_counts_the_rest() -> None:
    """`N more` brings further neighbours."""
    board = Board()
    board.start(hub(60))

    first = board.drawn()
    board.more("urn:hub")
    second = board.drawn()

    assert (len(first.nodes), first.more) == (1 + STEP, {"urn:hub": 60 - STEP})
    assert (len(second.nodes), second.more) == (1 + 2 * STEP, {"urn:hub": 60 - 2 * STEP})
    assert not first.full


def test_a_board_never_draws_more_than_its_limit() -> None:
    """Nodes and those that stand for more, together."""
    board = Board(most=50)
    board.start(hub(500))
    for _ in range(10):
        board.more("urn:hub")

    drawn = board.drawn()

    assert len(drawn.nodes) + len(drawn.more) <= 50
    assert drawn.full
    assert drawn.more["urn:hub"] == 500 - (len(drawn.nodes) - 1)


def test_what_is_hidden_is_not_drawn() -> None:
    """By graph and by predicate; a fact that another graph holds as well stays."""
    board = Board()
    board.start(about(FILLER))

    no_model = board.drawn(Hidden(graphs=frozenset({"plant"})))
    no_flow = board.drawn(Hidden(predicates=frozenset({"https://w3id.org/twinwright/core#feeds"})))

    assert "Conveyor from filler to labeller" not in {node.label for node in no_model.nodes}
    assert not any("feeds" in edge.words for edge in no_flow.edges)
    assert "plant" in board.graphs()
    assert board.predicates()["https://w3id.org/twinwright/core#feeds"] == "feeds"


def test_two_opened_nodes_share_their_neighbours() -> None:
    """A node is drawn once, and links between drawn nodes are drawn whoever told them."""
    board = Board()
    board.start(about(FILLER))
    board.open(about(BOT + "ConveyorFL"))

    drawn = board.drawn()
    ends = {(edge.source, edge.target) for edge in drawn.edges}

    assert len({node.iri for node in drawn.nodes}) == len(drawn.nodes)
    assert (FILLER, BOT + "ConveyorFL") in ends
    assert (BOT + "ConveyorFL", BOT + "Labeller") in ends


def test_a_picture_evaluates_nothing_from_the_graph() -> None:
    """Keys that begin with a colon are JavaScript to the toolkit: they hold our own expressions only."""
    nasty = Node("urn:x:1", ":alert(1) {b} <b>", Kind.OTHER)
    fact = Fact(False, "urn:p", ":evil {c}", "v", "urn:x:1", (nasty,), ("plant",))
    board = Board()
    board.start(About(Node("urn:hub", ":hub", Kind.RULE), (), "", (fact,), (), False))

    def evaluated(value: object) -> list[str]:
        if isinstance(value, dict):
            own = [str(item) for key, item in value.items() if str(key).startswith(":")]
            return own + [found for item in value.values() for found in evaluated(item)]
        return [found for item in value for found in evaluated(item)] if isinstance(value, list) else []

    options = picture.options(board.drawn(), "urn:hub")

    assert all(text.startswith(("getComputedStyle(", "!matchMedia(")) for text in evaluated(options))
    assert options["tooltip"]["renderMode"] == "richText"
    assert json.dumps(options)


def test_a_picture_tells_kinds_by_sign() -> None:
    """Each kind has a sign of its own, so that colour is not needed."""
    board = Board()
    board.start(hub(40))

    options = picture.options(board.drawn(), "urn:hub")
    told = picture.sentence(board.drawn(), "Hub")

    assert len({kind.sign for kind in Kind}) == len(Kind)
    assert [item["name"] for item in options["legend"]["data"]] == ["Equipment", "Other", "More"]
    assert options["series"][0]["data"][-1]["id"] == MORE + "urn:hub"
    assert "25 nodes" in told
    assert "16 more neighbours" in told


def test_a_graph_answer_is_drawn() -> None:
    """Labels and classes in the answer name its nodes; literals are no nodes."""
    turtle = answer(
        "CONSTRUCT { ?a tw:feeds ?b . ?a rdfs:label ?l . ?a a ?c } { ?a tw:feeds ?b ; rdfs:label ?l ; a ?c }"
    )["graph"]

    drawn = drawn_of(turtle, info())

    kinds = {node.label: node.kind for node in drawn.nodes}
    assert kinds["Filler"] is Kind.EQUIPMENT
    assert kinds["pack:Machine"] is Kind.VOCABULARY
    assert any(edge.words == ("feeds",) for edge in drawn.edges)
    assert len(drawn_of(turtle, info(), most=3).nodes) == 3
    assert drawn_of(turtle, info(), most=3).full


def test_long_turtle_is_cut_at_a_line() -> None:
    """The download holds all of it."""
    text, whole = shown_text("<urn:a> <urn:b> <urn:c> .\n" * (MOST_SHOWN // 10))

    assert text.endswith(".\n")
    assert len(text) <= MOST_SHOWN
    assert not whole
    assert shown_text("x") == ("x", True)


def test_words_of_predicates_and_nodes() -> None:
    """Without a label the name itself, in words."""
    assert predicate_words("http://www.w3.org/1999/02/22-rdf-syntax-ns#type") == "is a"
    assert predicate_words("http://www.w3.org/ns/shacl#targetClass") == "target class"
    assert predicate_words("urn:x:y", "said") == "said"
    assert short(info(), "urn:uuid:641d536f-7bc2-417c-a28b-8824267802ea#5-shadow") == "641d536f…#5-shadow"
