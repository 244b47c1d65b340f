"""What aiokafka raises, told as the log's errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import InvalidProducerEpoch, InvalidProducerIdMapping, KafkaError, ProducerFenced

from streams.log import LogError

# A broker that forgot the transactional id has as little memory of this owner as one that met a later owner.
FENCED = (ProducerFenced, InvalidProducerEpoch, InvalidProducerIdMapping)


def is_fenced(error: BaseException) -> bool:
    """Whether this error, or one that it was raised from, says that a later owner came."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, FENCED):
            return True
        cause = cause.__cause__
    return False


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Raises LogError with what was being done where aiokafka failed or ran out of time."""
    try:
        yield
    # aiokafka asserts where a broker that is starting has answered, but named no broker yet.
    except (KafkaError, OSError, TimeoutError, AssertionError) as error:
        raise LogError(f"{doing} failed: {describe(error)}") from error


def describe(error: BaseException) -> str:
    """An error in words; aiokafka's often have no text but a telling class, which some name themselves."""
    name, text = type(error).__name__, str(error)
    return text if text.startswith(name) else f"{name}: {text}" if text else name
