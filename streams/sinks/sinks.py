"""The sinks that a worker has settings for, by the names that routes call them."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from streams.config import SINK, Config, ConfigError
from streams.sinks.console import Console
from streams.sinks.signing import secrets_of
from streams.sinks.sink import Sink

CONSOLE = "console"
SUFFIXES = ("_SECRET_FILE", "_SECRET", "_HTTP_HOST", "_URL")
"""Of the variables of a sink, the longest first."""


class Sinks:
    """Finds a sink by its name; `console` is always there."""

    def __init__(self, known: Mapping[str, Sink]) -> None:
        """By the names that routes use, or by those that variables use."""
        self._known = {variable_part(name): sink for name, sink in known.items()}

    @classmethod
    def of(cls, config: Config, write: Callable[[str], object], now: Callable[[], datetime]) -> "Sinks":
        """The console on `write`, and every webhook of the settings; raises ConfigError with all problems at once."""
        known: dict[str, Sink] = {CONSOLE: Console(write)}
        problems: list[str] = []
        for name, settings in sorted(_grouped(config, problems).items()):
            try:
                known[name] = _webhook(name, settings, now)
            except ConfigError as error:
                problems.append(str(error))
        if problems:
            raise ConfigError("; ".join(problems))
        return cls(known)

    def find(self, name: str) -> Sink | None:
        """The sink of this name."""
        return self._known.get(variable_part(name))

    async def close(self) -> None:
        """Lets go of every connection."""
        for sink in self._known.values():
            await sink.close()


def variable_part(name: str) -> str:
    """How a sink is called in the environment: `sales-floor` is `SALES_FLOOR`."""
    return name.upper().replace("-", "_").replace(".", "_")


def lacking(name: str) -> str:
    """Why a message to a sink without settings stays, and what to do."""
    prefix = f"{SINK}{variable_part(name)}"
    return f"this worker has no settings for the sink {name}: set {prefix}_URL and {prefix}_SECRET and start it again"


def _grouped(config: Config, problems: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for variable, value in config.sinks:
        suffix = next((each for each in SUFFIXES if variable.endswith(each)), "")
        name = variable.removeprefix(SINK).removesuffix(suffix) if suffix else ""
        if not name:
            problems.append(f"{variable}: a sink's variables end in _URL, _SECRET, _SECRET_FILE or _HTTP_HOST")
        elif name == variable_part(CONSOLE):
            problems.append(f"{variable}: the console needs no settings; call this sink something else")
        else:
            found.setdefault(name, {})[suffix] = value
    return found


def _webhook(name: str, settings: Mapping[str, str], now: Callable[[], datetime]) -> Sink:
    # aiohttp takes a fifth of a second to import.
    from streams.sinks.webhook import Webhook

    problems = [*_url_problems(name, settings.get("_URL", ""), settings.get("_HTTP_HOST", ""))]
    secrets: tuple[bytes, ...] = ()
    try:
        secrets = _secrets(name, settings)
    except ConfigError as error:
        problems.append(str(error))
    if problems:
        raise ConfigError("; ".join(problems))
    return Webhook(settings["_URL"], secrets, now)


def _url_problems(name: str, url: str, plain: str) -> Iterator[str]:
    """What is wrong with an address, which is not repeated: it may hold a secret itself."""
    from streams.web.listening import is_loopback

    variable = f"{SINK}{name}_URL"
    scheme, host = "", None
    with suppress(ValueError):
        parts = urlsplit(url)
        scheme, host = (parts.scheme, parts.hostname) if parts.port != 0 else ("", None)
    if not url:
        yield f"{variable}: it is missing; write where messages go, https://..."
    elif scheme not in {"http", "https"} or not host or re.search(r"[\s\x00-\x1f]", url):
        yield f"{variable}: this is no address of a webhook; write https://HOST/PATH"
    elif scheme == "http" and not is_loopback(host) and host != plain.lower():
        allowed = f"{SINK}{name}_HTTP_HOST={host}"
        yield f"{variable}: without https anybody on the way can read it; write https, or allow it with {allowed}"


def _secrets(name: str, settings: Mapping[str, str]) -> tuple[bytes, ...]:
    said, file = settings.get("_SECRET", ""), settings.get("_SECRET_FILE", "")
    variable = f"{SINK}{name}_SECRET{'_FILE' if file and not said else ''}"
    try:
        return secrets_of(f"{said} {Path(file).read_text() if file else ''}")
    except OSError as error:
        raise ConfigError(f"{variable}: {file}: {error.strerror}; name a file with the secret") from None
    except UnicodeError:
        raise ConfigError(f"{variable}: {file}: not UTF-8; name a file with the secret") from None
    except ValueError as error:
        how = 'make one with `echo "whsec_$(openssl rand -base64 32)"`, several separated by blanks'
        raise ConfigError(f"{variable}: {error}; {how}") from None
