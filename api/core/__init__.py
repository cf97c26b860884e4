"""The core process: link, Gate, reasoner, journal and history in one place, with one writer.

`python -m api.core --data DIR --plant DIR` runs it; `twinwright run` starts and watches it. It loads no code of the
plant folder, only its graphs, and serves the other processes over the request channel.
"""

from __future__ import annotations
