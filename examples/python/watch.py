"""Lists a component's sensors, prints its next samples, and asks the archive for its history. With nothing but a NATS client.

    python watch.py [component] [number of samples]
"""

import asyncio
import json
import os
import sys
import time

import nats

PAGE_TIMEOUT = 10.0


async def listing(connection, component):
    """All chunks of one component's answer, the last of which says so."""
    inbox = connection.new_inbox()
    answers = await connection.subscribe(inbox)
    await connection.publish(f"rpc.sensors.{component}", b"{}", reply=inbox)
    sensors = []
    while True:
        chunk = json.loads((await answers.next_msg(timeout=2)).data)
        if "error" in chunk:
            raise RuntimeError(chunk["error"]["message"])
        sensors.extend(chunk["sensors"])
        if chunk.get("last"):
            await answers.unsubscribe()
            return sensors


async def history(connection, component, sensor, start, end):
    """Samples with start <= time < end; the service answers in pages, each naming where the next begins."""
    request = {"component": component, "sensor": sensor, "start": start, "end": end}
    while True:
        answer = await connection.request("rpc.store.history", json.dumps(request).encode(), timeout=PAGE_TIMEOUT)
        page = json.loads(answer.data)
        if "error" in page:
            raise RuntimeError(page["error"]["message"])
        for sample in page["samples"]:
            yield sample
        if "next" not in page:
            return
        request["after"] = page["next"]


async def main(component, count):
    connection = await nats.connect(os.environ.get("KATBUS_NATS", "nats://127.0.0.1:4222"))
    sensors = await listing(connection, component)
    for entry in sensors:
        sample = entry.get("sample", {})
        print(f"{entry['attributes'].get('katcp_name', entry['sensor'])} = {sample.get('value')} {entry['attributes'].get('units', '')}")

    live = await connection.subscribe(f"sensor.*.{component}.>")
    for _ in range(count):
        message = await live.next_msg(timeout=30)
        sample = json.loads(message.data)
        print(f"{message.subject} {sample['value']} {sample['status']}")

    now = time.time()
    for entry in sensors:
        samples = [sample async for sample in history(connection, component, entry["sensor"], now - 3600, now + 1)]
        print(f"{entry['sensor']}: {len(samples)} samples in the archive")
    await connection.drain()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "pydesk", int(sys.argv[2]) if len(sys.argv) > 2 else 5))
