"""One running demonstration for all journeys: plant, twin and web process, as `make run` starts them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from kg.tokens import read_tokens

sys.path.insert(0, str(Path(__file__).parent))
import browser

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Demo:
    """Where it serves, and the tokens of its people."""

    url: str
    data: Path
    tokens: dict[str, str]

    def client(self, login: str, timeout_s: float = 30.0) -> httpx.Client:
        """The API in a person's name."""
        headers = {"Authorization": f"Bearer {self.tokens[login]}"}
        return httpx.Client(base_url=f"{self.url}/v1", headers=headers, timeout=timeout_s)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    data = tmp_path_factory.mktemp("demo") / "data"
    environment = {**os.environ, "TWINWRIGHT_WEB_PORT": "0"}
    program = str(Path(sys.executable).with_name("twinwright"))
    command = [program, "demo", "--headless", "--for", "30m", "--speed", "5"]
    process = subprocess.Popen(
        [*command, "--data", str(data)], env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield _ready(process, data)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _ready(process: subprocess.Popen[bytes], data: Path) -> Demo:
    """Wait until the twin says that it is ready and has seen the line."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if process.poll() is not None:
            assert process.stdout is not None
            raise AssertionError(f"the demo ended: {process.stdout.read().decode()}")
        try:
            url = json.loads((data / "run" / "twin.json").read_text(encoding="utf-8"))["web"]
            tokens = read_tokens(data)
            told = httpx.get(f"{url}/readyz").json()
            headers = {"Authorization": f"Bearer {tokens['vera']}"}
            seen = httpx.get(f"{url}/v1/kpis", headers=headers)
            if told["status"] == "ready" and seen.status_code == 200:
                return Demo(url, data, tokens)
        except (OSError, ValueError, KeyError, httpx.HTTPError):
            pass
        time.sleep(0.3)
    raise AssertionError(f"no twin within {PATIENCE_S:g} s; logs in {data / 'logs'}")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's Chromium; without it journeys are skipped, which CI does not allow."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed; scripts/services.sh installs it")
    return found


@pytest.fixture
def signed_in(demo: Demo, chromium: str) -> Callable[..., Any]:
    """`with signed_in("olga") as visit:` a browser in a person's session."""
    return lambda login, **context: browser.visit(chromium, demo.url, login, **context)
