"""The frame of the API over a twin that is not there."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent))

BASE = "http://127.0.0.1:8090"


@pytest.fixture
async def ask() -> AsyncIterator[Callable[[FastAPI], httpx.AsyncClient]]:
    """A client of an application, as from a browser on this machine."""
    clients: list[httpx.AsyncClient] = []

    def client(app: FastAPI) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        clients.append(httpx.AsyncClient(transport=transport, base_url=BASE))
        return clients[-1]

    yield client
    for made in clients:
        await made.aclose()
