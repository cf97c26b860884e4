"""All pages of the console, imported so that they register themselves."""

from __future__ import annotations

from api.console.explain import page as explain
from api.console.explore import page as explore
from api.console.link import page as link
from api.console.operate import page as operate
from api.console.tour import page as tour

__all__ = ["explain", "explore", "link", "operate", "tour"]
