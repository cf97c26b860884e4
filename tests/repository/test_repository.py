"""What must hold for the repository as a whole."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"agents", "api", "kg", "ontology", "plants", "reasoner", "shapes"}
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("only a git checkout says which files are committed; this is none")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_tool_tables_name_the_same_packages():
    """Wheel, import contracts and type checker speak of the same rooms."""
    assert set(CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == PACKAGES
    assert set(CONFIG["tool"]["importlinter"]["root_packages"]) == PACKAGES
    assert set(CONFIG["tool"]["mypy"]["packages"]) >= PACKAGES


def test_no_other_distribution_claims_our_names():
    """Generic names such as `agents` and `api` are ours alone in a locked environment."""
    claimed = packages_distributions()

    assert {name: claimed[name] for name in PACKAGES if set(claimed.get(name, [])) - {"twinwright"}} == {}


def test_lock_files_have_hashes_and_name_no_index():
    """What is installed is what was locked, from wherever the site takes its packages."""
    for path in tracked("requirements/*.txt"):
        text = path.read_text(encoding="utf-8")
        pins = re.findall(r"^[A-Za-z0-9_.-]+==", text, re.MULTILINE)
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)
        assert not re.search(r"https?://|--index|--find-links", text)


def test_nothing_of_this_machine_is_committed():
    """No absolute paths of the machine on which something was written."""
    pattern = re.compile(r"(?<![\w.-])/(?:work|root|home/[a-z]+|opt/[a-z]+)/[\w.]")
    offenders = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("*.py", "*.md", "*.toml", "*.ttl", "*.txt", "*.sh", "Makefile", ".ci/run")
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]

    assert offenders == []


def test_every_test_says_what_it_shows():
    """Each test has a docstring: one sentence of behaviour."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in tracked("tests/**/test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]

    assert silent == []


def test_every_package_says_what_it_is_for():
    """A stranger opens `__init__.py` first."""
    silent = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in tracked(f"{package}/**/__init__.py", f"{package}/__init__.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert silent == []


def test_links_between_documents_lead_somewhere():
    """A document that names another one finds it."""
    broken = [
        f"{path.relative_to(ROOT)} -> {target}"
        for path in tracked("*.md")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]

    assert broken == []
