"""Rules in a text form that engineers read and write, and back to RDF without loss."""

from __future__ import annotations

from reasoner.rules.text.document import from_text, to_text

__all__ = ["from_text", "to_text"]
