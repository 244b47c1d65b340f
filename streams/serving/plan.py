"""The newest plan, for readers outside a worker."""

from quota.plans import PlanIndex
from streams.log import Log, LogError
from streams.plan_reader import Plans


async def plans(log: Log) -> Plans:
    """Every complete revision; raises LogError when there is none."""
    found = Plans(log)
    await found.read()
    if not found.newest:
        raise LogError("this log has no plan yet; apply one first: quotaflow plan apply DIR")
    return found


async def newest(log: Log) -> PlanIndex:
    """The plan of the highest revision; raises LogError when there is none."""
    found = await plans(log)
    return await found.wait(found.newest)
