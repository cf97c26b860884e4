"""`twinwright validate`: its exits and formats, and pySHACL beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from rdflib import Literal, Namespace
from rdflib.namespace import SH

from kg.change import Finding
from kg.errors import Undecided

EX = Namespace("http://example.org/")
SHACL = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . "


def test_validate_prints_a_text(shell: Any) -> None:
    """Exit code 1 with results, each with where it was found; several files are one graph."""
    code, out, err = shell("validate --data line.ttl more.nt --shapes shapes.ttl")

    assert (code, err) == (1, "")
    assert out == (
        "Does not conform: 1 result (1 Violation).\n\n"
        "Violation: Too fast or silent.\n"
        "  focus      ex:f1\n"
        "  path       ex:speed\n"
        "  value      5.0\n"
        "  shape      ex:Speed\n"
        "  constraint sh:MaxExclusiveConstraintComponent\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        "validate --data line.ttl --data more.nt --shapes shapes.ttl --format turtle",
        "validate --data=line.ttl more.nt --format turtle --shapes=shapes.ttl",
        "validate --shapes shapes.ttl --format=turtle --data line.ttl more.nt",
        "validate --data line.ttl --shapes shapes.ttl --data more.nt --format turtle",
    ],
)
def test_files_may_follow_one_option_or_several(line: str, shell: Any) -> None:
    """As a shell spells `*.ttl` out, or each with its option."""
    assert shell(line) == shell("validate --data line.ttl more.nt --shapes shapes.ttl --format turtle")
    assert shell(f"{line} stray")[0] == 2


def test_what_conforms_ends_with_0(shell: Any) -> None:
    """After the change there is nothing left to say."""
    code, out, _ = shell("validate --data line.ttl --shapes shapes.ttl --changes fast.rdfp")

    assert code == 0
    assert out == (
        "fast.rdfp: 2 triples added, 1 removed; 0 triples more and 0 fewer follow.\n"
        "  fixed      Violation  ex:f1: Too fast or silent.\n\n"
        "Conforms: no results.\n"
    )


def test_each_patch_is_told(shell: Any) -> None:
    """In order, each against the state before it; blank nodes are named by their labels in the data."""
    code, out, _ = shell("validate --data line.ttl --shapes shapes.ttl --changes slower.rdfp silent.rdfp --owl")

    assert code == 1
    assert out.split("\n\n")[0] == (
        "slower.rdfp: 1 triple added, 1 removed; 0 triples more and 0 fewer follow.\n"
        "  introduced Violation  ex:f1: Too fast or silent.\n"
        "  fixed      Violation  ex:f1: Too fast or silent.\n"
        "silent.rdfp: 0 triples added, 2 removed; 0 triples more and 1 fewer follow.\n"
        "  introduced Violation  ex:f1: Too fast or silent.\n"
        "  introduced Warning  _:conveyor: Feeds nothing.\n"
        "  fixed      Violation  ex:f1: Too fast or silent."
    )
    assert "Does not conform: 2 results (1 Violation, 1 Warning)." in out


def test_the_turtle_report(shell: Any) -> None:
    """Only the report is on standard output; what the patches did is told beside it."""
    code, out, err = shell("validate --data line.ttl --shapes shapes.ttl --changes slower.rdfp --format turtle")

    assert code == 1
    assert out == (
        "@prefix ex: <http://example.org/> .\n"
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n\n"
        "[] a sh:ValidationReport ;\n"
        "    sh:conforms false ;\n"
        "    sh:result [\n"
        "        a sh:ValidationResult ;\n"
        "        sh:focusNode ex:f1 ;\n"
        '        sh:resultMessage "Too fast or silent." ;\n'
        "        sh:resultPath ex:speed ;\n"
        "        sh:resultSeverity sh:Violation ;\n"
        "        sh:sourceConstraintComponent sh:MaxExclusiveConstraintComponent ;\n"
        "        sh:sourceShape ex:Speed ;\n"
        "        sh:value 4\n"
        "    ] .\n"
    )
    assert "slower.rdfp: 1 triple added, 1 removed" in err


def test_json_ld_and_turtle_say_the_same(shell: Any) -> None:
    """The same graph, parsed back."""
    line = "validate --data line.ttl --shapes shapes.ttl --changes slower.rdfp silent.rdfp --format"

    turtle = shell.read(shell(f"{line} turtle")[1], "ttl")
    json_ld = shell.read(shell(f"{line} json-ld")[1], "jsonld")

    for graph in (turtle, json_ld):
        foci = {str(node) for node in graph.objects(None, SH.focusNode)}
        assert foci == {str(EX.f1), "conveyor"}
        assert set(graph.objects(None, SH.conforms)) == {Literal(False)}
    assert set(turtle.objects(None, SH.resultPath)) == set(json_ld.objects(None, SH.resultPath))


def test_json_for_machines(shell: Any) -> None:
    """Results, what each patch did, and which engine judged."""
    code, out, _ = shell(
        "validate --data line.ttl --shapes shapes.ttl --rules rules.ttl --owl --changes fast.rdfp --json"
    )

    document = json.loads(out)

    assert code == 0
    assert (document["engine"], document["conforms"], document["results"]) == ("Twinwright", True, [])
    (told,) = document["changes"]
    assert (told["file"], told["added"], told["removed"], told["conforms"]) == ("fast.rdfp", 2, 1, True)
    assert [fact[2] for fact in told["went"]] == [f"<{EX.f3}>", f"<{EX.FastMachine}>"]
    assert [finding["focus"] for finding in told["fixed"]] == [f"<{EX.f1}>"]


def test_pyshacl_judges_and_agrees(shell: Any) -> None:
    """It says so; changes are told from its own results."""
    line = "validate --data line.ttl --shapes shapes.ttl --owl --changes slower.rdfp silent.rdfp"

    code, out, err = shell(f"{line} --reference")

    assert code == 1
    assert out.startswith("Validated by pySHACL.\n")
    assert out.partition("\n\n")[2] == shell(line)[1].partition("\n\n")[2]
    assert "Twinwright finds the same." in err


def test_a_disagreement_is_told_whole(shell: Any) -> None:
    """pySHACL takes true for the number 1; the difference stands on standard error and in the JSON."""
    shell.write({"true.ttl": "<urn:a> <urn:p> true ."})
    shape = "<urn:S> sh:targetNode <urn:a> ; sh:property <urn:P> . <urn:P> sh:path <urn:p> ; sh:maxInclusive 5 ."
    shell.write({"limit.ttl": SHACL + shape})
    line = "validate --data true.ttl --shapes limit.ttl --reference"

    code, _, err = shell(line)
    document = json.loads(shell(f"{line} --json")[1])

    assert code == 0
    assert "pySHACL and Twinwright disagree on 1 result" in err
    assert re.search(r"only Twinwright  Violation  <urn:a>: .*<urn:P> sh:MaxInclusive", err)
    assert document["engine"] == "pySHACL"
    assert len(document["disagreement"]["only_twinwright"]) == 1


def test_what_is_refused_here_pyshacl_may_still_judge(shell: Any, files: Mapping[str, str]) -> None:
    """And the refusal is told."""
    shell.write({"odd.ttl": files["shapes.ttl"] + " ex:Fed sh:entailment <urn:x> ."})

    assert shell("validate --data line.ttl --shapes odd.ttl")[0] == 2
    code, _, err = shell("validate --data line.ttl --shapes odd.ttl --reference")

    assert code == 1
    assert "Twinwright refused these shapes" in err


def test_an_ill_typed_literal_is_a_result(shell: Any) -> None:
    """sh:datatype is there to find it, and the report gives it back as it stands."""
    shell.write({"odd.ttl": '<urn:a> <urn:p> "x"^^<http://www.w3.org/2001/XMLSchema#integer> .'})
    shape = "<urn:S> sh:targetNode <urn:a> ; sh:property <urn:P> . <urn:P> sh:path <urn:p> ; sh:datatype xsd:integer ."
    shell.write({"typed.ttl": SHACL + shape})

    code, out, _ = shell("validate --data odd.ttl --shapes typed.ttl")

    assert code == 1
    assert '  value      "x"^^xsd:integer\n' in out


@pytest.mark.parametrize("reference", ["", " --reference"])
def test_shapes_without_targets_are_refused(reference: str, shell: Any) -> None:
    """A slip in a target must not pass for data that conform."""
    shell.write({"none.ttl": "<urn:S> a <http://www.w3.org/ns/shacl#NodeShape> ."})

    code, out, err = shell(f"validate --data line.ttl --shapes none.ttl{reference}")

    assert (code, out) == (2, "")
    assert "No shape in none.ttl has a target" in err
    assert "sh:targetClass" in err


def test_what_pyshacl_cannot_decide_ends_with_2(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with a verdict."""

    def gives_up(*_: Any) -> frozenset[Finding]:
        raise Undecided("pySHACL could not decide: too deep")

    monkeypatch.setattr("reasoner.references.pyshacl_reference.validate", gives_up)

    code, out, err = shell("validate --data line.ttl --shapes shapes.ttl --reference")

    assert (code, out) == (2, "")
    assert "[undecided]" in err


def test_blank_nodes_of_two_files_stay_apart(shell: Any) -> None:
    """The first file keeps its labels; shapes never share theirs with the data."""
    node = "_:b <urn:p> {} ."
    shell.write({"a.ttl": node.format(1), "b.ttl": node.format(2)})
    inner = "[ sh:path <urn:p> ; sh:maxCount 1 ; sh:hasValue 3 ]"
    shell.write({"blank.ttl": f"{SHACL} _:b sh:targetSubjectsOf <urn:p> ; sh:property {inner} ."})

    _, out, _ = shell("validate --data a.ttl b.ttl --shapes blank.ttl")

    assert re.findall(r"focus +(\S+)", out) == ["_:b", "_:b-2"]
    assert "MaxCount" not in out
    assert not re.search(r"shape +_:b\n", out)


def test_long_reading_is_told(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """On standard error, never among the results."""
    times = iter(range(0, 10_000, 3))
    monkeypatch.setattr("api.cli.plain_files.time.monotonic", lambda: next(times))
    monkeypatch.setattr("api.cli.plain_files._STEP", 2)

    _, out, err = shell("validate --data line.ttl --shapes shapes.ttl")

    assert "... 2 triples of line.ttl read" in err
    assert "... 8 triples read; now what follows" in err
    assert "read" not in out
