"""Plan directories: read, checked, and turned into records and back."""

from streams.plans.load import PlanError, load
from streams.plans.records import Keyed, TornPlan, assemble, plan_records

__all__ = ["Keyed", "PlanError", "TornPlan", "assemble", "load", "plan_records"]
