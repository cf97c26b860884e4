"""The console: pages for operators, analysts and auditors, on the same application as the API.

Speaks operators' words and draws from the model, never from IRIs known beforehand. What people do goes through
`api.acts` in their own name, as over HTTP. Must not decide anything: who may is `api.web.access`, what passes is the
Gate's. Built on NiceGUI, which stays in this package; all its assets come from this machine.
"""

from __future__ import annotations

from api.console.shell import Visit, mount, page

__all__ = ["Visit", "mount", "page"]
