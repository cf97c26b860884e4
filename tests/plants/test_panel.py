"""The operator's panel: what a person at the machines does, past the twin, and what the plant says to nonsense."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
import time
from types import SimpleNamespace

import pytest
import pytest_asyncio

from api.panel import PlantPanel
from kg.errors import BadValue, ServiceDown
from plants.bottling import BottlingOptions, BottlingServer, ListenError
from plants.bottling.pace import Pace
from plants.bottling.packml import State
from plants.bottling.panel import Panel
from plants.bottling.panel_desk import PanelDesk

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server():
    """A plant that stands still until it is advanced. Tests leave it in order."""
    async with BottlingServer(BottlingOptions(seed=3, speed=0, port=0)) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def paced():
    """A plant at five times speed. Tests leave it in order."""
    async with BottlingServer(BottlingOptions(seed=3, speed=5, port=0)) as running:
        yield running
        running.set_speed(5.0)


def _ask(server, **command):
    return PanelDesk(server).answer(json.dumps(command).encode())


def _machine(answer, name):
    return next(machine for machine in answer["state"]["machines"] if machine["name"] == name)


async def test_the_state_is_the_plants_own_truth(server):
    """Machines, counts, order, plant time and pace, straight from the line."""
    await server.advance(60.0)

    told = _ask(server, command="state")["state"]

    assert told["made"] == server.line.bottles_out > 0
    assert told["order"]["id"] == server.line.order.id
    assert told["plant_time"] == server.line.now.isoformat()
    assert [machine["name"] for machine in told["machines"]] == list(server.line.machines)
    assert [conveyor["count"] for conveyor in told["conveyors"]] == [c.count for c in server.line.conveyors.values()]
    assert (told["speed"], told["supervised"]) == (0.0, True)


async def test_a_jam_is_injected_and_cleared_by_hand(server):
    """The machine is held until a person puts it right, long before the jam would have ended."""
    _ask(server, command="inject", fault="jam:labeller+1h")
    await server.advance(30.0)
    held = _machine(_ask(server, command="state"), "Labeller")["state"]
    cleared = _ask(server, command="clear", machine="labeller")
    await server.advance(10.0)

    assert held == State.HELD
    assert cleared["ok"]
    assert server.line.machines["Labeller"].state is State.EXECUTE


@pytest.mark.parametrize("fault", ["breakdown:Packer+1h", "maintenance:Packer", "standstill:ConveyorLP"])
async def test_whatever_was_injected_can_be_cleared(server, fault):
    """Breakdowns, lasting faults and those of conveyors end; the line runs again."""
    name = fault.partition(":")[2].partition("+")[0]
    _ask(server, command="inject", fault=fault)
    await server.advance(20.0)
    cleared = _ask(server, command="clear", machine=name)
    await server.advance(180.0)

    assert cleared["ok"]
    assert server.line.machines["Packer"].state is State.EXECUTE
    assert not _ask(server, command="clear", machine=name)["ok"]


async def test_a_fault_that_waits_is_cleared_before_it_begins(server):
    """Neither the beginning nor the end of a cleared fault comes later."""
    _ask(server, command="inject", fault="local:Filler@30s+30s")
    _ask(server, command="clear", machine="Filler")
    await server.advance(40.0)
    _ask(server, command="local", machine="Filler", on=True)
    await server.advance(40.0)
    is_remote = server.line.machines["Filler"].controller.is_remote
    _ask(server, command="local", machine="Filler", on=False)

    assert not is_remote


async def test_the_selectors_at_the_machine(server):
    """Local and twin-enable are seen in the state, and return the machine to its own speed."""
    controller = server.line.machines["Filler"].controller
    controller.request(350.0, server.line.time, is_supervised=True)
    await server.advance(2.0)
    accepted = controller.accepted
    local = _machine(_ask(server, command="local", machine="Filler", on=True), "Filler")
    back = _machine(_ask(server, command="local", machine="Filler", on=False), "Filler")
    disabled = _machine(_ask(server, command="twin-enable", machine="Filler", on=False), "Filler")
    _ask(server, command="twin-enable", machine="Filler", on=True)

    assert accepted == 350.0
    assert (local["local"], local["accepted"]) == (True, controller.local_nominal)
    assert (back["local"], disabled["twin_enabled"]) == (False, False)


NONSENSE = {
    "no JSON": b"hello\n",
    "nothing": b"\n",
    "no object": b"[1, 2]\n",
    "deep": b"[" * 4000 + b"\n",
    "no text": b"\xff\xfe\n",
    "no command": b"{}\n",
    "unknown command": b'{"command": "start"}\n',
    "a command that is no text": b'{"command": ["state"]}\n',
    "unknown fault": b'{"command": "inject", "fault": "boom"}\n',
    "fault of nothing": b'{"command": "inject", "fault": "jam:nowhere"}\n',
    "fault that is no text": b'{"command": "inject", "fault": 7}\n',
    "unknown machine": b'{"command": "clear", "machine": "Oven"}\n',
    "nothing to clear": b'{"command": "clear", "machine": "Filler"}\n',
    "no switch": b'{"command": "local", "machine": "Filler"}\n',
    "a switch of text": b'{"command": "twin-enable", "machine": "Filler", "on": "yes"}\n',
    "no pace": b'{"command": "pace"}\n',
    "a pace of text": b'{"command": "pace", "speed": "fast"}\n',
    "a pace of true": b'{"command": "pace", "speed": true}\n',
    "not a number": b'{"command": "pace", "speed": NaN}\n',
    "endless pace": b'{"command": "pace", "speed": 1e999}\n',
    "a huge pace": b'{"command": "pace", "speed": ' + b"9" * 3000 + b"}\n",
    "standstill": b'{"command": "pace", "speed": 0}\n',
    "backwards": b'{"command": "pace", "speed": -5}\n',
}


@pytest.mark.parametrize("line", NONSENSE.values(), ids=NONSENSE.keys())
async def test_nonsense_is_answered_with_a_sentence(paced, line):
    """An absurd line changes nothing and says why."""
    paced.set_speed(5.0)
    before = PanelDesk(paced).state()
    told = PanelDesk(paced).answer(line)
    after = PanelDesk(paced).state()

    assert told["ok"] is False
    assert told["error"].endswith(".")
    assert after["machines"] == before["machines"]
    assert after["speed"] == 5.0


async def test_a_plant_that_is_stepped_has_no_pace(server):
    """Said in a sentence, not as a failure."""
    told = _ask(server, command="pace", speed=5)

    assert told == {"ok": False, "error": "This plant stands still and is stepped by hand; it has no speed to change."}


async def test_faults_that_wait_do_not_pile_up_without_end(server):
    """A hundred beginnings and ends, then a sentence."""
    for _ in range(60):
        told = _ask(server, command="inject", fault="hot:filler@1h+1h")
    _ask(server, command="clear", machine="Filler")

    assert server.waiting_faults == 0
    assert not told["ok"]
    assert "waiting already" in told["error"]


async def test_a_change_of_pace_is_no_jump():
    """Plant time goes on from where it is, whatever the speed becomes."""
    clock = SimpleNamespace(now=100.0)
    pace = Pace(20.0, 50.0, lambda: clock.now)
    clock.now += 10.0
    before = pace.due_s()
    pace.change(1.0)
    at_once = pace.due_s()
    clock.now += 10.0
    pace.change(100.0)
    clock.now += 1.0
    pace.leave_out(30.0)

    assert before == at_once == 250.0
    assert pace.due_s() == 250.0 + 10.0 + 100.0 - 30.0


async def test_timestamps_stay_in_order_while_the_pace_changes(new_client):
    """A subscriber sees source timestamps that only grow, and as much plant time as the paces say."""
    seen = []

    class Handler:
        def datachange_notification(self, node, value, data):
            seen.append(data.monitored_item.Value.SourceTimestamp)

    async with BottlingServer(BottlingOptions(seed=3, speed=0.2, port=0)) as server, new_client(server.url) as reader:
        subscription = await reader.create_subscription(50, Handler())
        index = await reader.get_namespace_index("https://w3id.org/twinwright/plants/bottling/ua")
        await subscription.subscribe_data_change(
            reader.get_node(f"ns={index};s=Filler.Admin.ProdProcessedCount.AccCount")
        )
        begun, due_s, base_s = time.monotonic(), 0.0, server.line.time + server.lag_s
        for speed in (100.0, 1.0, 50.0, 0.1, 100.0):
            server.set_speed(speed)
            await asyncio.sleep(0.3)
            now = time.monotonic()
            due_s, begun = due_s + speed * (now - begun), now
        await subscription.delete()

    assert len(seen) > 5
    assert seen == sorted(seen)
    assert 0 < server.line.time + server.lag_s - base_s <= due_s + 5.0


async def test_a_flood_of_pace_changes_does_not_hold_the_line(paced):
    """Plant time goes on however often the speed is set."""
    before, lag_s = paced.line.time, paced.lag_s
    for _ in range(200):
        paced.set_speed(50.0)
        await asyncio.sleep(0.005)

    assert paced.line.time + paced.lag_s - lag_s > before + 10.0
    assert paced.line.time > before


@pytest_asyncio.fixture(loop_scope="module")
async def panel(paced, tmp_path):
    """The panel of a plant behind its socket, and the client of it."""
    path = tmp_path / "panel.sock"
    async with Panel(paced, path):
        yield SimpleNamespace(path=path, client=PlantPanel(path, timeout_s=5.0), server=paced)


async def test_the_client_does_all_that_the_panel_can(panel):
    """Every command comes through the socket and answers with the state after it."""
    client = panel.client
    jammed = await client.inject("jam:labeller+60s")
    cleared = await client.clear("Labeller")
    local = await client.local("Filler", on=True)
    disabled = await client.twin_enable("Packer", on=False)
    faster = await client.pace(20)
    await client.local("Filler", on=False)
    await client.twin_enable("Packer", on=True)
    state = await client.state()

    assert jammed.order == cleared.order == panel.server.line.order.id
    assert local.machine("filler").local
    assert not disabled.machine("Packer").twin_enabled
    assert (faster.speed, state.speed) == (20.0, 20.0)
    assert state.machine("Oven") is None


async def test_what_the_plant_refuses_is_told_in_its_words(panel):
    """A refusal of the plant is the caller's error, with the plant's sentence."""
    with pytest.raises(BadValue, match="no fault 'boom'"):
        await panel.client.inject("boom")


async def test_only_the_owner_may_enter(panel):
    """The socket is nobody else's, from its first moment."""
    assert stat.S_IMODE(panel.path.stat().st_mode) == 0o600


async def test_a_line_without_end_is_cut_off(panel):
    """Too much in one line: a sentence, and the connection ends; the next guest is served."""
    reader, writer = await asyncio.open_unix_connection(str(panel.path))
    writer.write(b"x" * 100_000)
    told = json.loads(await asyncio.wait_for(reader.readline(), 5))
    writer.close()

    assert told["ok"] is False
    assert "at most 4096 characters" in told["error"]
    assert (await panel.client.state()).made > 0


async def test_guests_who_stay_do_not_lock_out_the_plant(panel):
    """Beyond sixteen guests the next is turned away at once, and comes in when one has left."""
    guests = [await asyncio.open_unix_connection(str(panel.path)) for _ in range(16)]
    await asyncio.sleep(0.05)
    with pytest.raises(ServiceDown, match="does not answer"):
        await panel.client.state()
    for _, writer in guests:
        writer.close()
    await asyncio.sleep(0.1)

    assert (await panel.client.state()).made > 0


async def test_a_dead_plant_is_named(tmp_path):
    """No socket, and a socket without a plant, are the operator's matter."""
    left = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(left))

    for path in (tmp_path / "none.sock", left):
        with pytest.raises(ServiceDown, match="does not answer at its panel"):
            await PlantPanel(path).state()


async def test_a_plant_that_hangs_is_given_up(tmp_path):
    """A panel that takes the line and says nothing costs the timeout, no more."""
    path = tmp_path / "panel.sock"

    async def silent(reader, writer):
        await reader.read()
        writer.close()
        gone.set()

    gone = asyncio.Event()
    async with await asyncio.start_unix_server(silent, str(path)):
        with pytest.raises(ServiceDown):
            await PlantPanel(path, timeout_s=0.2).state()
        await gone.wait()
        await asyncio.sleep(0)


async def test_a_panel_takes_over_from_a_dead_plant_but_from_nothing_else(server, tmp_path):
    """A socket left behind is replaced; a running plant's socket and other files are not."""
    left, kept = tmp_path / "left.sock", tmp_path / "file"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(left))
    kept.write_text("precious")
    async with Panel(server, left):
        with pytest.raises(ListenError, match="Another plant"):
            await Panel(server, left).__aenter__()
        told = await PlantPanel(left).state()
    with pytest.raises(ListenError, match="not a socket"):
        await Panel(server, kept).__aenter__()
    with pytest.raises(ListenError, match="Cannot make the panel"):
        await Panel(server, tmp_path / "nowhere" / "panel.sock").__aenter__()

    assert told.speed == 0.0
    assert not left.exists()
    assert kept.read_text() == "precious"


@pytest.fixture
def long_folder(tmp_path):
    folder = tmp_path / ("long-" * 20) / ("folder-" * 10)
    folder.mkdir(parents=True)
    return folder


async def test_a_long_path_is_no_obstacle(server, long_folder):
    """The kernel takes 107 characters; folders are longer."""
    path = long_folder / "panel.sock"
    async with Panel(server, path):
        told = await PlantPanel(path).state()
        was_there = path.is_socket()

    assert told.rejects >= 0
    assert was_there
    assert not path.exists()
