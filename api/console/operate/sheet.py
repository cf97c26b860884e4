"""Text under keys: a page is drawn once with hooks, then only what has changed is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

#: Key -> text of the elements with that key; `key@name` -> their attribute of that name.
Values = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Draws elements that can be updated later, filled with the values of now. Everything is escaped."""

    values: Mapping[str, str]

    def text(self, key: str, tag: str = "span", **attributes: str) -> str:
        """An element whose text is the value of a key; `cls` stands for class."""
        return f"{self.open(key, tag, **attributes)}{escape(self.values.get(key, ''))}</{tag}>"

    def open(self, key: str, tag: str, **attributes: str) -> str:
        """The opening tag of an element of which attributes may change."""
        prefix = f"{key}@"
        live = {name.removeprefix(prefix): value for name, value in self.values.items() if name.startswith(prefix)}
        return f'<{tag} data-k="{escape(key)}"{attributes_text({**attributes, **live})}>'


def attributes_text(attributes: Mapping[str, str]) -> str:
    """Attributes as they stand in a tag; underscores become dashes, `cls` class."""
    names = {name: "class" if name == "cls" else name.replace("_", "-") for name in attributes}
    return "".join(f' {names[name]}="{escape(value)}"' for name, value in attributes.items())


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> Values:
    """What has to be sent to come from one set of values to the other; keys that are gone become empty."""
    gone = {key: "" for key in before if key not in after}
    return {key: value for key, value in after.items() if before.get(key) != value} | gone
