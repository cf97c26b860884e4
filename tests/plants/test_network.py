"""The server on the network: ports, addresses, vanishing, pace and the program around it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager, suppress

import pytest
import pytest_asyncio
from asyncua import ua
from asyncua.common.utils import ServiceError

from plants import PLANTS, plant_folder
from plants.bottling import BottlingOptions, BottlingServer, ListenError, main
from plants.bottling.program import parse_options


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server():
    """One server for the tests of the network; plant time stands still."""
    async with BottlingServer(BottlingOptions(speed=0, port=0)) as running:
        yield running


async def _is_open(server):
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))
    except OSError:
        return False
    writer.close()
    return True


async def _until(condition):
    """Waits until it is so; the test's timeout ends it otherwise."""
    while not condition():  # noqa: ASYNC110  # the server offers no event for it
        await asyncio.sleep(0.01)


@asynccontextmanager
async def _subscriber(client):
    """A client with a subscription that does not mind losing its connection."""
    await client.connect()
    subscription = await client.create_subscription(50, None)
    try:
        yield subscription
    finally:
        with suppress(ConnectionError, TimeoutError, ua.UaError):
            await client.disconnect()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_vanished_server_returns_on_its_port_with_its_sessions(server, new_client):
    """vanish cuts connections and stops listening; afterwards a client can take its session up again."""
    url = server.url
    async with _subscriber(new_client(url)):
        server.inject("vanish+0.2s")
        await _until(lambda: not server.is_listening)
        was_open, sessions = await _is_open(server), len(server._inner._external_sessions)
        await _until(lambda: server.is_listening)

        assert not was_open
        assert server.url == url
        assert await _is_open(server)
        assert sessions == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_a_restarted_server_has_lost_its_sessions(server, new_client):
    """restart also ends the sessions with their subscriptions."""
    async with _subscriber(new_client(server.url)):
        server.inject("restart+0.1s")
        await _until(lambda: not server.is_listening)
        await _until(lambda: server.is_listening)

        assert not server._inner._external_sessions
        assert not server._inner.subscription_service.subscriptions


@pytest.mark.asyncio(loop_scope="module")
async def test_republish_of_a_message_that_is_gone_ends(server, new_client):
    """BadMessageNotAvailable instead of an empty message, on which a client would ask for ever."""
    async with _subscriber(new_client(server.url)) as subscription:
        ask = ua.RepublishParameters(SubscriptionId=subscription.subscription_id, RetransmitSequenceNumber=4711)

        with pytest.raises(ServiceError) as refused:
            server._inner.subscription_service.republish(ask)

    assert refused.value.code == ua.StatusCodes.BadMessageNotAvailable


async def test_plant_time_follows_wall_time_and_never_spirals():
    """At speed 20 plant time keeps pace; when a minute is missing, three ticks are made up and the rest is lag."""
    wall_s = [1000.0]
    async with BottlingServer(BottlingOptions(speed=20, port=0), lambda: wall_s[0]) as server:
        wall_s[0] += 0.1
        await server.wait_until(2.0)
        in_time, in_time_lag_s = server.line.time, server.lag_s
        wall_s[0] += 60.0
        await _until(lambda: server.lag_s > 0.0)

        assert (in_time, in_time_lag_s) == (2.0, 0.0)
        assert (server.line.time, server.lag_s) == (2.0 + 6.0, 1200.0 - 6.0)


def test_a_taken_port_is_told_in_a_sentence_with_code_2(capsys):
    """No traceback: one sentence on standard error, exit code 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code = main(BottlingOptions(port=taken.getsockname()[1], duration_s=1.0))

    assert code == 2
    assert "is taken; stop the other program or choose another port." in capsys.readouterr().err


def test_only_loopback_is_listened_on_unless_allowed():
    """The channel is not encrypted, so other addresses need an explicit word."""
    with pytest.raises(ListenError, match="not a loopback address"):
        BottlingServer(BottlingOptions(host="0.0.0.0"))

    assert BottlingServer(BottlingOptions(host="0.0.0.0", allow_remote=True)).url.startswith("opc.tcp://0.0.0.0:")


@pytest.mark.parametrize(
    "choice", [{"speed": 1000.0}, {"speed": -1.0}, {"line": "bad"}, {"port": 70000}, {"start_hour": 24}]
)
def test_impossible_choices_are_refused(choice):
    """Each option says what it may be."""
    with pytest.raises(ValueError, match="must be"):
        BottlingOptions(**choice)


def test_the_command_line_gives_all_options(monkeypatch, tmp_path):
    """Every flag lands in its option; the password comes from the environment only."""
    monkeypatch.setenv("TWINWRIGHT_GATEWAY_PASSWORD", "from the environment")
    words = "--seed 9 --speed 20 --line average --port 0 --inject jam:labeller@60s --duration 5 --start-hour 6"

    options = parse_options([*words.split(), "--write-log", str(tmp_path / "w")])

    assert options == BottlingOptions(
        seed=9,
        speed=20.0,
        line="average",
        port=0,
        inject=("jam:labeller@60s",),
        duration_s=5.0,
        start_hour=6,
        write_log=tmp_path / "w",
        password="from the environment",
    )


@pytest.mark.parametrize(("words", "sentence"), [("--inject boom", "no fault"), ("--speed 500", "between 0.1 and")])
def test_wrong_words_end_with_code_2(words, sentence, capsys, monkeypatch):
    """A fault or option that cannot be is told before anything listens."""
    monkeypatch.setattr(sys, "argv", ["bottling", *words.split(), "--port", "0"])

    try:
        code = main()
    except SystemExit as end:
        code = end.code

    assert code == 2
    assert sentence in capsys.readouterr().err


async def test_the_program_announces_itself_takes_faults_and_ends_on_sigterm():
    """One line when it listens; faults from standard input; SIGTERM ends it cleanly."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plants.bottling", "--port", "0", "--speed", "50", "--interactive"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TWINWRIGHT_GATEWAY_PASSWORD": "x"},
    )
    assert program.stdout is not None
    assert program.stdin is not None
    first = await asyncio.wait_for(program.stdout.readline(), 30)
    program.stdin.write(b"boom\n")
    answer = await asyncio.wait_for(program.stdout.readline(), 5)
    program.send_signal(signal.SIGTERM)
    out, err = await asyncio.wait_for(program.communicate(), 10)

    assert first.startswith(b"listening on opc.tcp://127.0.0.1:")
    assert b"no fault 'boom'" in answer
    assert (program.returncode, out, err) == (0, b"", b"")


def test_the_registry_knows_the_plants_and_their_folders():
    """`bottling` is found with its folder; an unknown name says which there are."""
    assert PLANTS["bottling"] == "plants.bottling"
    assert plant_folder("bottling").joinpath("__init__.py").is_file()
    with pytest.raises(KeyError, match="there are: bottling"):
        plant_folder("brewery")
