"""Texts from outside, made fit to stand in a query: IRIs checked, literals without anything that could end them."""

from __future__ import annotations

import re
from typing import Final

from api.run_info import RunInfo
from kg.errors import UnknownNode

LONGEST: Final = 2000
"""Characters of an IRI that is looked at."""
_LONGEST_SEARCH: Final = 100
_NAME: Final = re.compile(r"<?[^\x00-\x20<>\"{}|^`\\]{1,2000}>?")
_IRI: Final = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^`\\\x7f-\x9f\ud800-\udfff]+')


def is_iri(text: str) -> bool:
    """True for an absolute IRI that may stand between < and > in a query (SPARQL 1.1, IRIREF)."""
    return len(text) <= LONGEST and _IRI.fullmatch(text) is not None


def reference(iri: str) -> str:
    """The IRI as it stands in a query. Raises UnknownNode for what is none."""
    if not is_iri(iri):
        raise UnknownNode(f"This is not the IRI of a node: {iri[:80]!r}.", name=iri[:80])
    return f"<{iri}>"


def named_node(info: RunInfo, name: str) -> str | None:
    """The IRI that somebody means by `Filler`, `bot:Filler` or an IRI; None where it cannot be one."""
    told = name.strip()
    if not _NAME.fullmatch(told):
        return None
    try:
        iri = str(info.iri(told))
    except UnknownNode:
        iri = told
    return iri if is_iri(iri) else None


def search_literal(text: str) -> str:
    """What somebody looks for, as a SPARQL string: without quotes, backslashes and control characters."""
    kept = "".join(sign for sign in text.lower() if sign.isprintable() and sign not in "\"'\\")
    return f'"{kept.strip()[:_LONGEST_SEARCH]}"'
