"""Faust's transport `kafka-batch://`: the group's membership is Faust's, positions and commits are the runtime's."""

from faust.transport.drivers import aiokafka as driver

from streams.kafka.consumer import Consumer
from streams.producer import Producer


class Transport(driver.Transport):
    """`kafka-batch://host:port`."""

    Consumer = Consumer
    Producer = Producer
