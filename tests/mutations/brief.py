"""A pytest plugin for a run that only asks whether anything fails: the same examples every time, and fewer."""

from hypothesis import Phase, settings

settings.register_profile(
    "brief",
    deadline=None,
    derandomize=True,
    max_examples=40,
    phases=(Phase.explicit, Phase.generate),  # to shrink a failure would only cost time
)
