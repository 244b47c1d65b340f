"""The arrows: one file per Faust agent."""
