"""Filters orders, cuts them down to 3 fields and writes them, until SIGTERM: BROKERS GROUP IN OUT.

One to_kafka call at a time would wait for each message's answer, so batches are written by a sink of our own, which
waits for the answers of a batch at once: the offsets of a batch are committed when the sink has returned.
"""

import json
import os
import signal
import sys

import confluent_kafka
import streamz

# Before any thread is started, so that none of them gets it.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

brokers, group, source_topic, sink_topic = sys.argv[1:]
producer = confluent_kafka.Producer(
    {"bootstrap.servers": brokers, "acks": "all", "enable.idempotence": True, "queue.buffering.max.messages": 1_000_000}
)


def transform(batch):
    for message in batch:
        order = json.loads(message["value"])
        if order["status"] == "paid":
            yield message["key"], json.dumps({"id": order["id"], "customer": order["customer"], "amount": order["amount"]})


def write(messages):
    failed = []

    def answered(error, _message):
        if error is not None:
            failed.append(error)

    for key, value in messages:
        producer.produce(sink_topic, value=value, key=key, on_delivery=answered)
    producer.flush()
    if failed:
        raise RuntimeError(f"{len(failed)} messages were not written: {failed[0]}")


settings = {"bootstrap.servers": brokers, "group.id": group, "auto.offset.reset": "earliest", "isolation.level": "read_committed"}

# streamz asks for the offsets of its group until it gets some, and a broker may say that there is no such group.
first = confluent_kafka.Consumer(settings)
partitions = first.list_topics(source_topic).topics[source_topic].partitions
first.commit(offsets=[confluent_kafka.TopicPartition(source_topic, p, 0) for p in partitions], asynchronous=False)
first.close()

source = streamz.Stream.from_kafka_batched(source_topic, settings, poll_interval=0.01, max_batch_size=50_000, keys=True)
source.map(transform).sink(write)
source.start()
signal.sigwait({signal.SIGTERM})
os._exit(0)
