"""Identifiers made of names."""

import re
import unicodedata


def slug_of(name: str) -> str:
    """The identifier for a name: lower case, no accents, a dash for every run of other characters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._]+", "-", plain).strip("-")[:80].strip("-")
