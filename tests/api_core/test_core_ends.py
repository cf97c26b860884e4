"""How the core ends: in good order, or so that the journal does not claim it."""

from __future__ import annotations

import pytest

from api.core.process import CoreProcess
from kg.recovery import recover
from kg.store import DataDirectory
from kg.tokens import create_tokens


async def test_a_core_that_breaks_did_not_end_in_good_order(bottling, tmp_path, monkeypatch):
    """When a task dies the run ends with its error, and the journal holds no CLOSED entry."""
    with DataDirectory(tmp_path / "data") as data:
        create_tokens(data.paths.root, bottling.persons)
        core = CoreProcess(bottling, data)

        async def broken() -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(core.runner, "run", broken)
        with pytest.raises(ExceptionGroup):
            await core.run()

        assert not recover(data).was_closed
