"""What did the operator write in config.yaml? Sections, secrets from the environment or files, every mistake at once.

This is the only place that reads the environment. A kind of channel brings the model of its own keys; the keys that
all channels share stand here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationError, model_validator

from bot.documents import SHOWN, Document, check, keys_at, mistake, parse, problems, suggestion
from bot.errors import Mistake, Problem, Problems, Where
from bot.fields import Clock, Days, Duration, IsoDate, Language, Strict, Zone

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_WORD = re.compile(r"[^\s,]+")
_SECRET = 4  # shorter values are no secrets, and hiding them would garble the words around
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
DEFAULT_CALENDARS = ("iran-hostage-crisis",)
OptionsOf = Callable[[str], type[BaseModel] | None]


class QuietDays(StrEnum):
    """What to do on a day with no event: tell the counters only, the nearest past event, or nothing."""

    COUNTER = "counter"
    NEAREST = "nearest"
    SILENT = "silent"


class OnDoubt(StrEnum):
    """What to do with a post that may have got there, where the platform cannot be asked."""

    HOLD = "hold"
    REPEAT = "repeat"


class Theme(StrEnum):
    """The colours of a picture card."""

    LIGHT = "light"
    DARK = "dark"


class Rhythm(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"


class Mode(StrEnum):
    """How the past is told: by date every year, once more from a day of one's own, or each event at its own hour."""

    ANNIVERSARY = "anniversary"
    REPLAY = "replay"
    AS_IT_HAPPENED = "as-it-happened"


class Hold(StrEnum):
    """What a replay holds at a 29 February: the count of its days, or their dates."""

    COUNT = "count"
    DATE = "date"


class Client(StrEnum):
    """What carries requests. `auto` is aiohttp where the extra `fast` is installed."""

    AUTO = "auto"
    HTTPX = "httpx"
    AIOHTTP = "aiohttp"


class Network(Strict):
    """Outgoing requests. Private addresses are refused unless the operator allows them."""

    allow_private: bool = False
    client: Client = Field(
        default=Client.AUTO, description="what carries requests; auto is aiohttp where thisday[fast] is installed"
    )


class Told(Strict):
    """What a channel may set for itself; a setting left out is taken from the top of the file."""

    at: Clock | None = Field(None, description="local time of the daily post")
    timezone: Zone | None = None
    days: Days | None = Field(None, description="days of the week: daily, mon-fri, or mon, wed, fri; or never")
    calendars: tuple[str, ...] | None = Field(None, description="names of calendars, or paths of files")
    language: Language | None = None
    quiet_days: QuietDays | None = Field(None, description="a day with no event: counter, nearest or silent")
    nearest_within: int | None = Field(None, ge=1, le=366, description="days to look back, for quiet_days: nearest")
    rhythm: Rhythm | None = Field(None, description="daily, or weekly: 'This week in history' on the first of `days`")
    most: int | None = Field(None, ge=1, description="at most so many events a post")
    mode: Mode = Field(
        Mode.ANNIVERSARY, description="by date every year; a replay from `start`; or each event at its own hour"
    )
    start: IsoDate | None = Field(None, description="the day on which a replay tells Day 1")
    hold: Hold = Field(Hold.COUNT, description="in a replay, hold the count (no gap) or the date (29 February moves)")
    in_doubt: OnDoubt = OnDoubt.HOLD
    roll_up: bool = Field(False, description="after an outage, the days that are late in one post instead of several")
    thread: bool = Field(False, description="split a long edition into numbered posts, where the platform has threads")
    card: Theme | None = Field(
        None, description="a picture of the day with each post, light or dark, where the kind can upload one"
    )
    templates: str | None = Field(None, description="a folder whose templates come before all others")

    @model_validator(mode="after")
    def _replay_has_a_start(self) -> Self:
        if (self.mode is Mode.REPLAY) != (self.start is not None):
            raise mistake("mode: replay and start: belong together", "give both, or neither")
        return self

    @model_validator(mode="after")
    def _hours_are_not_rolled_up(self) -> Self:
        if self.roll_up and self.mode is Mode.AS_IT_HAPPENED:
            raise mistake("mode: as-it-happened and roll_up: do not go together", "leave one of them out")
        return self


class Top(Strict):
    """The whole file, apart from the channels' own keys."""

    timezone: Zone = "UTC"
    at: Clock = "09:00"
    days: Days = Field(frozenset(range(7)), json_schema_extra={"default": "daily"})
    language: Language = "en"
    calendars: tuple[str, ...] = Field(DEFAULT_CALENDARS, min_length=1)
    quiet_days: QuietDays = QuietDays.COUNTER
    nearest_within: int = Field(7, ge=1, le=366)
    rhythm: Rhythm = Rhythm.DAILY
    most: int = Field(6, ge=1)
    database: str = Field(
        "thisday.db", description="path of the SQLite file, beside the config if relative; or postgresql://…"
    )
    catch_up: Duration = Field(
        timedelta(hours=12),
        description="a post may be this late; later it is recorded as expired",
        json_schema_extra={"default": "12h"},
    )
    spread: Duration = Field(
        timedelta(),
        description="channels that share an hour post over this long, each at its own moment after it",
        json_schema_extra={"default": "0h"},
    )
    operator: str | None = Field(None, description="the channel below that is told when something needs a person")
    events: str | None = Field(None, description="a folder of your own calendars")
    templates: str | None = Field(None, description="a folder of your own templates")
    network: Network = Network()
    channels: dict[str, Any] = Field(default_factory=dict, repr=False)  # as written, with secrets

    @model_validator(mode="after")
    def _spread_is_in_time(self) -> Self:
        if self.spread and self.spread >= self.catch_up:
            raise mistake("spread: is not shorter than catch_up:, so posts would be too late", "write spread: 15m")
        return self


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One channel of the file: its kind, the kind's own options, and what it set for itself."""

    name: str
    kind: str
    options: BaseModel
    told: Told


@dataclass(frozen=True, slots=True)
class Config:
    """A checked config. `folder` is where relative paths start; `secrets` are for masking, never for showing."""

    top: Top
    channels: tuple[ChannelConfig, ...]
    folder: Path
    secrets: frozenset[str] = field(repr=False)

    @property
    def database(self) -> str:
        """The address of the database; a relative path starts at the config's folder."""
        return self.top.database if "://" in self.top.database else str(self.folder / self.top.database)

    def place(self, path: str) -> Path:
        return self.folder / Path(path).expanduser()


def read_config(path: Path, options_of: OptionsOf, kinds: Callable[[], list[str]]) -> Config:
    """The config at `path`. Raises `Problems` with every mistake, `Mistake` if there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"cannot read {path}: {error}", "give another with --config, or run thisday init") from None
    return config_from(text, str(path), path.resolve().parent, options_of, kinds)


def config_from(text: str, source: str, folder: Path, options_of: OptionsOf, kinds: Callable[[], list[str]]) -> Config:
    """The config in `text`. `options_of` gives the model of a kind's own keys; `kinds` all kinds, for advice."""
    given: set[str] = set()
    unread: list[Problem] = []
    document = parse(text, source, unread, lambda value: _noted(given, value, _substituted(value, folder)))
    found: list[Problem] = []
    top = _judged(found, lambda: check(document, Top))
    entries = document.value.get("channels") if isinstance(document.value, dict) else None
    named = entries.items() if isinstance(entries, dict) else ()
    channels = [_judged(found, partial(_channel, document, name, options_of, kinds)) for name, _ in named]
    if isinstance(entries, dict):
        found += _without_operator(document, top, list(entries))
    if found or unread:
        raise Problems(_hidden(each, given) for each in _without_followers(unread, found))
    sound = tuple(each for each in channels if each is not None)
    secrets = {secret for each in sound for secret in secrets_in(each.options)}
    return Config(top, sound, folder, frozenset(secrets | _password(top.database)))


def _password(database: str) -> set[str]:
    """The password in the address of a database server."""
    password = urlsplit(database).password if "://" in database else None
    return {password, unquote(password)} if password else set()


def _noted(given: set[str], written: str, value: str) -> str:
    if value != written:
        given.add(value)
    return value


def _without_followers(first: list[Problem], others: list[Problem]) -> list[Problem]:
    """What could not be read stands for an empty text, which is no second mistake."""
    places = {each.where for each in first}
    return [*first, *(each for each in others if each.where not in places)]


def _hidden(problem: Problem, given: Iterable[str]) -> Problem:
    """The same without what came from the environment or from a file: it may be a secret in the wrong place."""
    # As it is, as it is shown (perhaps cut), and each of its words.
    forms = {form for each in given for form in (each, repr(each)[1:-1], repr(each)[1 : SHOWN - 1], *_WORD.findall(each))}
    longest_first = sorted((re.escape(form) for form in forms if len(form) >= _SECRET), key=len, reverse=True)
    if not longest_first:
        return problem
    hidden = partial(re.compile("|".join(longest_first), re.IGNORECASE).sub, "***")
    return Problem(problem.where, hidden(problem.what), hidden(problem.instead))


def _judged(found: list[Problem], judge: Callable[[], Any]) -> Any:
    try:
        return judge()
    except Problems as error:
        found += error.problems
        return None


def _without_operator(document: Document, top: Top | None, names: list[str]) -> Iterator[Problem]:
    if top and top.operator is not None and top.operator not in names:
        what = f"there is no channel {top.operator!r} that could tell the operator"
        yield Problem(document.where(("operator",)), what, suggestion(top.operator, names))


_SHARED = tuple(Told.model_fields)  # pydantic gathers them anew each time


def _channel(document: Document, name: str, options_of: OptionsOf, kinds: Callable[[], list[str]]) -> ChannelConfig:
    path = ("channels", name)
    if not re.fullmatch(NAME, name):
        where = document.where(path, key=True)
        raise Problems([Problem(where, f"{name!r} is no name for a channel", "use letters, digits, '.', '_' and '-'")])
    entry = document.value["channels"][name]
    kind, model = _kind(document, path, entry, options_of, kinds)
    found: list[Problem] = []
    shared = {key: value for key, value in entry.items() if key in _SHARED}
    own = {key: value for key, value in entry.items() if key not in _SHARED and key != "kind"}
    told = _judged(found, lambda: _part(document, path, Told, shared))
    options = _judged(found, lambda: _part(document, path, model, own))
    if found:
        raise Problems(found)
    return ChannelConfig(name, kind, options, told)


def _kind(
    document: Document, path: tuple[str, ...], entry: Any, options_of: OptionsOf, kinds: Callable[[], list[str]]
) -> tuple[str, type[BaseModel]]:
    if not isinstance(entry, dict):
        raise Problems([Problem(document.where(path), "a channel must be a mapping", "write kind: and its keys below it")])
    if "kind" not in entry:
        what = f"channel {path[-1]!r} names no kind"
        raise Problems([Problem(document.where(path), what, f"add kind: with one of {', '.join(kinds())}")])
    model = options_of(str(entry["kind"]))
    if model is None:
        what = f"there is no kind of channel {entry['kind']!r}"
        raise Problems([Problem(document.where((*path, "kind")), what, suggestion(str(entry["kind"]), kinds()))])
    return str(entry["kind"]), model


def _part(document: Document, path: tuple[str, ...], model: type[BaseModel], value: Mapping[str, Any]) -> BaseModel:
    """Some keys of a channel as `model`; an unknown key may be a misspelled one of the shared keys."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        also = [*_SHARED, *keys_at(model, ())]
        raise Problems(problems(document, model, error, at=path, also=also)) from None


def _substituted(value: str, folder: Path) -> str:
    """`${NAME}` and `${NAME:-default}` from the environment, `file:PATH` from a file. Raises `Problems` without a place."""
    if value.startswith("file:"):
        return _from_file(folder / Path(value.removeprefix("file:").strip()).expanduser())
    missing = [each[1] for each in _VARIABLE.finditer(value) if each[2] is None and each[1] not in os.environ]
    if missing:
        names = ", ".join(missing)
        raise Problems(
            [Problem(Where(""), f"the environment has no {names}", f"set it, or write ${{{missing[0]}:-default}}")]
        )
    return _VARIABLE.sub(lambda match: os.environ.get(match[1], match[2] or ""), value)


def _from_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Problems([Problem(Where(""), f"cannot read {path}: {reason}", "check the path after file:")]) from None


def secrets_in(value: Any) -> Iterator[str]:
    """Every secret inside a model, in clear, so that it can be masked elsewhere."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secrets_in(getattr(value, name))
    elif isinstance(value, Mapping):
        yield from secrets_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from secrets_in(each)


def schema(options: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """The JSON Schema of config.yaml with the keys of every kind, for editors."""
    plain = Top.model_json_schema(ref_template="#/$defs/{model}")
    definitions = plain.setdefault("$defs", {})
    plain["properties"]["channels"]["additionalProperties"] = {
        "type": "object",
        "required": ["kind"],
        "oneOf": [_kind_schema(kind, model, definitions) for kind, model in options.items()],
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **plain}


def _kind_schema(kind: str, model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {"kind": {"const": kind}}
    required = ["kind"]
    for each in (model, Told):
        part = each.model_json_schema(ref_template="#/$defs/{model}")
        definitions.update(part.get("$defs", {}))
        merged.update(part.get("properties", {}))
        required += part.get("required", [])
    return {"type": "object", "title": kind, "properties": merged, "required": required, "additionalProperties": False}


def cache_folder() -> Path:
    """Where compiled calendars are kept: $XDG_CACHE_HOME/thisday, else ~/.cache/thisday."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "thisday"


def secret_key() -> str | None:
    """The key that encrypts stored secrets, if the environment gives one."""
    return os.environ.get("THISDAY_SECRET_KEY") or None


def config_path() -> Path | None:
    """The config named by the environment, if any."""
    named = os.environ.get("THISDAY_CONFIG")
    return Path(named) if named else None
