"""The log and the transport on Apache Kafka."""
