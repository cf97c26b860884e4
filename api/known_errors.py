"""The tree of errors, walked: every class once, and the class of a code."""

from __future__ import annotations

from collections.abc import Iterator

import api.web.errors as http_errors
from kg.errors import TwinError

_MODULES = frozenset({TwinError.__module__, http_errors.__name__})


def errors(root: type[TwinError] = TwinError) -> Iterator[type[TwinError]]:
    """The class and all below it, parents first."""
    yield root
    for child in root.__subclasses__():
        if child.__module__ in _MODULES:
            yield from errors(child)


def error_class(code: str) -> type[TwinError] | None:
    """The class with a code; None for codes of shapes."""
    return next((error for error in errors() if error.code == code), None)
