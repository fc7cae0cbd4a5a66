"""A component with two sensors, in Python, with nothing but a NATS client.

Publishes the load and the free memory of this machine as component `pydesk`. It does what SUBJECTS.md asks of a component: attributes,
samples at two rates, listing, heartbeats, and acknowledged publishing in order. Stop it with Ctrl-C.
"""

import asyncio
import json
import os
import re
import signal
import time
import uuid

import nats
from nats.errors import Error as NatsError

COMPONENT = "pydesk"
ARCHIVE_INTERVAL = 10.0  # seconds between two samples that are kept for ever
NORMAL_INTERVAL = 1.0  # seconds between two samples on either subject
HEARTBEAT_INTERVAL = 5.0
ACKNOWLEDGED_WITHIN = 5.0


def payload(message):
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode()


class Sensor:
    def __init__(self, publisher, name, sensor_type, units, description):
        self.publisher = publisher
        self.token = name.replace(".", "_").replace("-", "_")
        self.attributes = {
            "name": f"{COMPONENT}_{self.token}",
            "katcp_name": f"{COMPONENT}.{name}",
            "component": COMPONENT,
            "type": sensor_type,
            "units": units,
            "description": description,
        }
        self.sample = None  # the newest, whether it was published or not
        self.sent = None  # (value, status) of the last one that was published
        self.archived_at = self.sent_at = float("-inf")
        self.last_time = 0.0

    def update(self, value, status="nominal", value_ts=None):
        """A smaller throttle than the table of SUBJECTS.md: it holds nothing back, so what it drops between two intervals is not sent later."""
        now = time.time()
        # A sensor's time always grows: it is the sample's identity.
        self.last_time = round(max(now, self.last_time + 1e-6), 6)
        self.sample = {
            "name": self.attributes["name"],
            "time": self.last_time,
            "value_ts": round(value_ts if value_ts is not None else now, 6),
            "status": status,
            "value": value,
        }
        steady = time.monotonic()
        status_changed = self.sent is None or self.sent[1] != status
        if not status_changed and self.sent == (value, status):
            return
        if status_changed or steady - self.archived_at >= ARCHIVE_INTERVAL:
            rate, self.archived_at = "archive", steady
        elif steady - self.sent_at >= NORMAL_INTERVAL:
            rate = "normal"
        else:
            return
        self.sent, self.sent_at = (value, status), steady
        self.publisher.put(f"sensor.{rate}.{COMPONENT}.{self.token}", self.sample)


class Publisher:
    """Publishes one message after the other, each until a stream has it. Bounded: when NATS is away for long, the oldest go."""

    def __init__(self, connection):
        self.jetstream = connection.jetstream()
        self.queue = asyncio.Queue(maxsize=10_000)
        self.dropped = 0

    def put(self, subject, message):
        if self.queue.full():
            self.queue.get_nowait()
            self.dropped += 1
        self.queue.put_nowait((subject, payload(message)))

    async def run(self):
        while True:
            subject, data = await self.queue.get()
            headers = None
            while True:
                try:
                    await self.jetstream.publish(subject, data, timeout=ACKNOWLEDGED_WITHIN, headers=headers)
                    break
                except NatsError as error:
                    print(f"not acknowledged, sent again: {error!r}")
                    # Whoever shows live values needs to know that this one may be old.
                    headers = {"Katbus-Resend": "1"}
                    await asyncio.sleep(1)
            self.queue.task_done()


async def main():
    connection = await nats.connect(
        os.environ.get("KATBUS_NATS", "nats://127.0.0.1:4222"), name=COMPONENT, max_reconnect_attempts=-1
    )
    publisher = Publisher(connection)
    load = Sensor(publisher, "load", "float", "", "Processes that want to run, mean of one minute")
    memory = Sensor(publisher, "memory.free", "integer", "B", "Memory that nobody uses")
    sensors = [load, memory]
    instance = str(uuid.uuid4())

    async def announce(message=None):
        for sensor in sensors:
            publisher.put(f"attributes.{COMPONENT}", sensor.attributes)
        if message is not None and message.reply:
            await message.respond(payload({"component": COMPONENT, "announced": len(sensors)}))

    async def listing(message):
        try:
            request = json.loads(message.data) if message.data else {}
            wanted = re.compile(request.get("filter", ""))
        except (ValueError, TypeError, AttributeError, re.error) as error:
            refusal = {"code": "MALFORMED_REQUEST", "message": str(error), "field": "filter"}
            if message.reply:
                await message.respond(payload({"error": refusal}))
            return
        names_only = request.get("readingOnly", False)
        entries = []
        for sensor in sensors:
            attributes = sensor.attributes
            if not any(wanted.search(attributes[field]) for field in ("name", "katcp_name")):
                continue
            entry = {"sensor": sensor.token, "attributes": attributes}
            if names_only:
                entry["attributes"] = {"name": attributes["name"]}
            if sensor.sample is not None:
                entry["sample"] = sensor.sample
            entries.append(entry)
        # Two sensors fit into one chunk; with many, answer in chunks of 128 kB, of which only the last says so.
        reply = message.reply or request.get("reply")
        if reply:
            await connection.publish(reply, payload({"component": COMPONENT, "sensors": entries, "last": True}))

    # Plain subscriptions: a queue group would leave only one component to answer a request to all.
    for target in (COMPONENT, "all"):
        await connection.subscribe(f"rpc.sensors.{target}", cb=listing)
        await connection.subscribe(f"rpc.attributes.{target}", cb=announce)

    async def heartbeats():
        while True:
            beat = {
                "component": COMPONENT,
                "instance": instance,
                "time": round(time.time(), 6),
                "intervalSeconds": HEARTBEAT_INTERVAL,
                "sensors": len(sensors),
            }
            await connection.publish(f"heartbeat.{COMPONENT}", payload(beat))
            await asyncio.sleep(HEARTBEAT_INTERVAL)

    async def read():
        while True:
            now = os.getloadavg()[0]
            load.update(now, "warn" if now > 10 else "nominal")
            memory.update(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
            await asyncio.sleep(0.2)

    # Attributes first: a sample of a sensor without them is stored with its value as it came.
    await announce()
    tasks = [asyncio.create_task(task) for task in (publisher.run(), heartbeats(), read())]
    print(f"component {COMPONENT} is on the bus; Ctrl-C ends it", flush=True)

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    tasks[2].cancel()
    try:
        await asyncio.wait_for(publisher.queue.join(), ACKNOWLEDGED_WITHIN)
    except asyncio.TimeoutError:
        print(f"{publisher.queue.qsize()} samples were not acknowledged")
    for task in tasks:
        task.cancel()
    await connection.drain()


asyncio.run(main())
