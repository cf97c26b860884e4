"""An OPC UA server with the sensors of bench/plant that changes values at a given rate: the other side of the link.

`python -m bench.opcua_server --items N --rate R --seconds S` prints its port, waits for a line on stdin, changes
R values a second for S seconds, and prints how many. Each value is new and calm; its source time is the wall clock.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from datetime import UTC

from asyncua import ua
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds

from bench.plant import CALM, NAMESPACE, generate

TICK_S = 0.005


async def serve(items: int, rate: float, seconds: float) -> None:
    """Serve until stdin ends."""
    server = Server()
    server.disable_clock()
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:0/bench/")
    index = await server.register_namespace(NAMESPACE)
    paths = [binding.node_id.partition(";s=")[2] for binding in generate(10_000).bindings[:items]]
    nodes = [ua.NodeId.from_string(f"ns={index};s={path}") for path in paths]
    for node, path in zip(nodes, paths, strict=True):
        await server.nodes.objects.add_variable(node, ua.QualifiedName(path, index), CALM, ua.VariantType.Double)
    await server.start()
    assert server.bserver is not None
    _say(server.bserver.port)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.readline)
    _say(await _change(server, nodes, rate, seconds))
    await loop.run_in_executor(None, sys.stdin.readline)
    await server.stop()


async def _change(server: Server, nodes: list[ua.NodeId], rate: float, seconds: float) -> int:
    """How many values were changed. A server that can't keep up does fewer."""
    done, begin = 0, time.perf_counter()
    space = server.iserver.aspace
    while (passed := time.perf_counter() - begin) < seconds:
        due = int(passed * rate)
        while done < due:
            now = ua.DateTime.now(UTC)
            value = ua.Variant(CALM + (done % 100_003 + 1) / 100_004, ua.VariantType.Double)
            data = ua.DataValue(value, ua.StatusCode(), now, now)
            await space.write_attribute_value(nodes[done % len(nodes)], AttributeIds.Value, data)
            done += 1
            if done % 50 == 0:
                await asyncio.sleep(0)
                if time.perf_counter() - begin > seconds:
                    return done
        await asyncio.sleep(TICK_S)
    return done


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.opcua_server")
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=5000)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    asyncio.run(serve(options.items, options.rate, options.seconds))


if __name__ == "__main__":
    main()
