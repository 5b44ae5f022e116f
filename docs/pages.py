"""What do the generated pages say? Text out of commands, kinds of channels, models and modules."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import BaseModel, SecretStr

import bot.cli.main as commandline
from bot.calendars import format as calendars
from bot.channels import Addressed, Channel, Checks, Direct, Edits, Finds, Learns, Pace, Rate, Rewrites, Uploads, kinds
from bot.cli.schema import schema as schema_of
from bot.config import Network, Told, Top

NOTICE = "<!-- Written by `make docs`. Change the code, not this page. -->\n"
HEAD_ENDS = "<!-- the index of docs ends here -->"
DOORS = {
    "tutorial": "Learn by doing",
    "how-to": "Solve one task",
    "reference": "Look up a fact",
    "explanation": "Understand why",
}


def schema(what: str) -> str:
    """The same bytes as `thisday schema` prints."""
    return json.dumps(schema_of(what), ensure_ascii=False, indent=2, default=str) + "\n"


# commands


def commands() -> str:
    context = click.Context(commandline.thisday, info_name="thisday")
    codes = (commandline.__doc__ or "").split("\n\n")[1]
    listed = re.findall(r"(\d): ([^.]+)\.", codes)
    parts = [
        f"# Commands\n\n{NOTICE}",
        f"{commandline.thisday.help}\n",
        "`thisday COMMAND --help` says the same as this page.\n",
        "## Exit codes\n",
        _table(("Code", "Means"), [(f"`{code}`", words) for code, words in listed]),
        "## Options before the command\n",
        _options(commandline.thisday, context),
    ]
    for name in commandline.thisday.list_commands(context):
        parts += _command(commandline.thisday.get_command(context, name), context, name)
    return "\n".join(parts)


def _command(command: click.Command | None, parent: click.Context, name: str) -> Iterator[str]:
    assert command is not None
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(["thisday", *context.command_path.split()[1:], *_usage(command, context)])
    yield f"## `{context.command_path}`\n"
    yield f"```\n{usage}\n```\n"
    yield from (f"{' '.join(words.split())}\n" for words in re.split(r"\n\s*\n", command.help or ""))
    options = _options(command, context)
    if options:
        yield options
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            yield from _command(command.get_command(context, each), context, each)


def _usage(command: click.Command, context: click.Context) -> list[str]:
    return [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]


def _options(command: click.Command, context: click.Context) -> str:
    rows = [_option(each, context) for each in command.params if isinstance(each, click.Option) and not each.hidden]
    return _table(("Option", "What it does", "Default"), rows) if rows else ""


def _option(option: click.Option, context: click.Context) -> tuple[str, str, str]:
    names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len, reverse=True))
    metavar = "NUMBER" if isinstance(option.type, click.IntRange) else option.make_metavar(context)
    value = "" if option.is_flag else f" {metavar}"
    given = option.default not in {None, False, ""} and not callable(option.default) and option.default != ()
    given = given and "UNSET" not in repr(option.default).upper()
    return names + value, option.help or "", f"`{option.default}`" if given else ""


# kinds of channels

_Mends = Edits | Rewrites
PAGES_OF_KINDS = Path(__file__).parent / "reference" / "channels"


def channels() -> str:
    found = kinds()
    rows = [row for name in sorted(found) for row in _kind_rows(found[name])]
    head = (
        "Kind",
        "Platform",
        "Most it holds",
        "Server's own limits",
        "Can be asked for a post",
        "Can be corrected in place",
        "Credentials can be tried",
        "Takes a card",
    )
    parts = [
        f"# Kinds of channels\n\n{NOTICE}",
        "What every kind can do. The keys that all channels share are in [config](config.md#channels).\n",
        _table(head, rows),
        "In doubt means: tried, and nobody knows whether it got there. See "
        "[when something is in doubt](../how-to/when-something-is-in-doubt.md).\n",
        "How a post is put right is told in [correct a post](../how-to/correct-a-post.md).\n",
    ]
    return "\n".join([*parts, *(_kind(name, found[name]) for name in sorted(found))])


def _variants(kind: type[Channel]) -> list[type[Any]]:
    """A kind, and the subclasses that it chooses by its options."""
    return [kind, *kind.__subclasses__()]


def _kind_rows(kind: type[Channel]) -> Iterator[tuple[str, ...]]:
    budget = _example(kind).budget({})
    holds = f"{budget.limit:,} {budget.unit.value}" if budget.limit < 10**9 else "any length"
    for each in _variants(kind):
        name = f"`{kind.kind}`" if each is kind else f"`{kind.kind}`, {_means(each)}"
        yield (name, kind.title, holds, *(_yes(issubclass(each, one)) for one in (Learns, Finds, _Mends, Checks, Uploads)))


def _means(variant: type[Any]) -> str:
    """ "with a bot token" out of a subclass's first sentence "With a bot token: …"."""
    words = (variant.__doc__ or variant.__name__).split(":")[0]
    return words[0].lower() + words[1:]


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


def _example(kind: type[Channel]) -> Channel:
    return kind(kind.Options.model_validate(dict(kind.example)))


def _kind(name: str, kind: type[Channel]) -> str:
    parts = [f"## `{name}`\n", f"{_sentence(kind)}\n"]
    if (PAGES_OF_KINDS / f"{name}.md").exists():
        parts.append(f"How to set it up, what it cannot do, and when it fails: [{kind.title}](channels/{name}.md).\n")
    parts += [f"In doubt: {_doubt(each)}\n" for each in _variants(kind)]
    parts.append(f"Can be corrected in place: {_corrected(kind)}.\n")
    if words := _pace(getattr(kind, "pace", Pace())):
        parts.append(f"Pace: at most {words}.\n")
    if issubclass(kind, Addressed):
        parts.append(f"`thisday subscribe` takes: {_sentence(kind.from_address) or 'an address of this kind'}\n")
    if issubclass(kind, Direct):
        parts.append("There is no request of ours that could be shown beforehand.\n")
    parts.append(_model(kind.Options))
    return "\n".join(parts)


def _sentence(thing: Any) -> str:
    return (thing.__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()


def _doubt(variant: type[Any]) -> str:
    doubt = variant.doubt
    steps = []
    if issubclass(variant, Finds):
        steps.append(f"it looks for the post {_long(doubt.quiet)}{' later' if doubt.quiet else ''}")
    if doubt.repeat_within is not None:
        when = f"{_long(doubt.quiet)} later" if doubt.quiet and not steps else "again"
        steps.append(f"it posts {when} with the same key, for {_long(doubt.repeat_within)}")
    steps.append("it holds the delivery for a person, or, with `in_doubt: repeat`, posts again")
    who = "" if variant.__bases__ == (object,) else f"{_means(variant)}, "
    return who + "; then ".join(steps) + "."


def _corrected(kind: type[Channel]) -> str:
    """Which of its ways can edit a post; where none can, an erratum is posted."""
    able = [each for each in _variants(kind) if issubclass(each, _Mends)]
    if not able:
        return "no; `thisday correct` posts an erratum"
    return "yes" if issubclass(kind, _Mends) else f"yes {' and '.join(map(_means, able))}; else `thisday correct` posts an erratum"


def _pace(pace: Pace) -> str:
    rates = ((pace.destination, "to one destination"), (pace.account, "from one account"))
    return ", and ".join(f"{_rate(rate)} {where}" for rate, where in rates if rate)


def _rate(rate: Rate) -> str:
    within = _long(rate.within)
    return f"{rate.most} post{'' if rate.most == 1 else 's'} in {within}"


def _long(time: timedelta) -> str:
    for unit, seconds in (("day", 86400), ("hour", 3600), ("second", 1)):
        number, rest = divmod(int(time.total_seconds()), seconds)
        if number and not rest:
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "at once"


# models

# For keys whose own model has no words.
SAID_HERE = {
    "title": "what it is called",
    "url": "its address, with https://",
    "timezone": "a name of the tz database, such as Europe/Berlin",
    "time": "local time of day, HH:MM",
    "language": "a language tag, such as en or fa",
    "rhythm": "`daily` or `weekly`",
    "channels": "the channels, by name",
    "network": "outgoing requests",
    "allow_private": "also send to addresses of private networks",
    "description": "what the calendar holds",
    "calendar": "the name of the calendar",
    "counters": "what is counted, by name",
    "series": "numbers that change in steps; in a counter, the names of those to tell beside it",
    "events": "the events",
    "counting": "how it counts",
    "first": "the first day",
    "last": "the last day",
    "leap_day": "where 29 February goes in other years; the calendar's, if left out",
    "milestones": "words for some numbers",
    "hashtags": "tags that end a post, without #",
    "on": "the day of the step",
    "value": "the number from the end of that day on",
    "steps": "the steps, in order of date",
    "publisher": "who published it",
    "alt": "words for those who do not see it",
    "credit": "who made it",
    "event": "the key of the other event",
    "days": "how many days after it; before it, a negative number",
    "certainty": "how sure it is",
    "tone": "how it is told; one solemn event makes the whole post solemn",
    "importance": "1 to 5; the most important event leads",
    "tags": "words to find it by",
    "people": "who took part",
    "places": "where it was",
    "sources": "where it was read",
    "links": "where a reader can go on",
    "picture": "a picture of it",
    "after": "so many days after another event",
    "visibility": "who sees the post",
    "thread": "split a long edition into numbered posts",
    "in_doubt": "what to do with a post that may have got there",
    "at": "local time of the daily post",
}


def config() -> str:
    parts = [
        f"# config.yaml\n\n{NOTICE}",
        "`thisday check` reads the file and tells every mistake with its line. "
        "[config.schema.json](config.schema.json) says the same to an editor.\n",
        "A value may be `${NAME}` or `${NAME:-default}` from the environment, or `file:PATH` from a file. "
        "See [keep secrets](../how-to/keep-secrets.md).\n",
        "## Top of the file\n",
        _model(Top, also=Told),
        "## `network`\n",
        _model(Network),
        '<a id="channels"></a>\n\n## A channel\n',
        f"`kind` names the platform. {_sentence(Told)} The keys of each kind are in [kinds of channels](channels.md).\n",
        _model(Told),
        "## Environment\n",
        _table(("Variable", "What it does"), ENVIRONMENT),
    ]
    return "\n".join(parts)


ENVIRONMENT = [
    ("`THISDAY_CONFIG`", "the config file, where `--config` is not given"),
    ("`THISDAY_SECRET_KEY`", "the key that encrypts what `thisday subscribe` stores; else a key file beside the database"),
    ("`XDG_CACHE_HOME`", "where compiled calendars are kept, in `thisday/`; else `~/.cache`"),
]


def calendar_format() -> str:
    parts = [
        f"# Calendar files\n\n{NOTICE}",
        "A calendar is one YAML file, or a folder with a `calendar.yaml` and other files that hold `events:` only. "
        "[calendar.schema.json](calendar.schema.json) and [events.schema.json](events.schema.json) say this to an editor.\n",
        "How each rule counts is told in [dates and counters](../explanation/dates-and-counters.md).\n",
        "## The file\n",
        f"{_sentence(calendars.CalendarFile)}\n",
        _model(calendars.CalendarFile),
    ]
    for name, model in _inside(calendars.CalendarFile):
        parts += [f"## `{name}`\n", f"{_sentence(model)}\n", _model(model)]
    return "\n".join(parts)


def _inside(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every mapping inside a mapping, with the keys that lead to it."""
    for key, field in model.model_fields.items():
        for each in _models(field.annotation):
            yield f"{path}{key}", each
            yield from _inside(each, f"{path}{key}.")


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for each in get_args(annotation) for found in _models(each)]


def _model(model: type[BaseModel], also: type[BaseModel] | None = None) -> str:
    """A table of a mapping's keys, from its JSON Schema. `also` has words for keys that this one leaves bare."""
    plain = model.model_json_schema()
    spare = also.model_json_schema()["properties"] if also else {}
    required = plain.get("required", [])
    rows = [
        (
            f"`{key}`",
            _what(key, each, spare),
            _values(each, plain.get("$defs", {}), _is_secret(model, key)),
            "required" if key in required else _default(model, key),
        )
        for key, each in plain.get("properties", {}).items()
    ]
    return _table(("Key", "What it is", "Values", "Default"), rows) if rows else "It has no keys of its own.\n"


def _what(key: str, one: Mapping[str, Any], spare: Mapping[str, Any]) -> str:
    words = one.get("description") or spare.get(key, {}).get("description") or SAID_HERE.get(key)
    if words is None:
        raise SystemExit(f"no words for the key {key!r}: give its field a description")
    return str(words)


def _values(one: Mapping[str, Any], known: Mapping[str, Any], secret: bool) -> str:
    if secret:
        return "secret text"
    if "$ref" in one:
        return _values(known[one["$ref"].rpartition("/")[2]], known, False)
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    if "anyOf" in one:
        found = (_values(each, known, False) for each in one["anyOf"] if each.get("type") != "null")
        return " or ".join(dict.fromkeys(found))
    return _kind_of_value(one, known)


def _kind_of_value(one: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    named = one.get("type", "any")
    words = {"string": "text", "integer": "number", "boolean": "`true`, `false`", "object": "mapping"}
    if named == "array":
        return f"list of {_values(one.get('items', {}), known, False)}"
    if "minimum" in one and "maximum" in one:
        return f"{one['minimum']} to {one['maximum']}"
    if one.get("format") == "date":
        return "date"
    return " or ".join(words.get(each, each) for each in ([named] if isinstance(named, str) else named))


def _default(model: type[BaseModel], key: str) -> str:
    value = model.model_fields[key].get_default(call_default_factory=True)
    if value is None or value in ("", (), {}) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, timedelta):
        return f"`{int(value.total_seconds() // 3600)}h`"
    if isinstance(value, frozenset):
        return "`daily`"
    if isinstance(value, tuple):
        return f"`[{', '.join(value)}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _is_secret(model: type[BaseModel], key: str) -> bool:
    return SecretStr.__name__ in str(model.model_fields[key].annotation)


# modules


def architecture(page: Path, package: Path) -> str:
    """The page as it is, with the layers and all modules between their marks."""
    text = _filled(page.read_text(encoding="utf-8"), "layers", layers(package))
    return _filled(text, "modules", modules(package))


def _filled(text: str, mark: str, content: str) -> str:
    """A page with new content between `<!-- mark -->` and `<!-- /mark -->`."""
    start, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}{content}{end}{after}"


def layers(package: Path) -> str:
    """The layers of the import contract, the highest first."""
    project = tomllib.loads((package.parent / "pyproject.toml").read_text(encoding="utf-8"))
    (drawn,) = (each["layers"] for each in project["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    rows = [(" · ".join(f"`{name}`" for name in names), _questions(package, names)) for names in map(_split, drawn)]
    return _table(("Layer", "The question it answers"), rows)


def _split(layer: str) -> list[str]:
    return [name.strip() for name in layer.split("|")]


def _questions(package: Path, names: list[str]) -> str:
    return " · ".join(first_line(_file(package / name)) for name in names)


def _file(module: Path) -> Path:
    return module / "__init__.py" if module.is_dir() else module.with_suffix(".py")


def modules(package: Path) -> str:
    """Every module with the question it answers, folder by folder."""
    folders = [package, *sorted(path for path in package.iterdir() if (path / "__init__.py").exists())]
    return "\n".join(_folder(folder, package) for folder in folders)


def _folder(folder: Path, package: Path) -> str:
    name = folder.relative_to(package.parent).as_posix()
    rows = [(f"`{path.name}`", first_line(path)) for path in sorted(folder.glob("*.py"))]
    return f"### `{name}/`\n\n" + _table(("Module", "The question it answers"), rows)


def first_line(path: Path) -> str:
    """The first line of a module's docstring, or nothing."""
    found = re.match(r'"""(.+?)(?:""")?$', path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""


def readme(page: Path) -> str:
    """The page as it is, with the real output of its command between its two marks."""
    return _filled(page.read_text(encoding="utf-8"), "preview", preview(PICTURE_LINES))


PICTURE_LINES, WIDTH = 14, 100
_PICTURED = ["preview", "--date", "2026-11-04"]


def preview(most: int) -> str:
    """The beginning of what a fresh copy shows for 4 November, as a narrow terminal would wrap it."""
    from click.testing import CliRunner

    shipped = Path(commandline.__file__).parents[2] / "config.yaml"
    shown = CliRunner().invoke(commandline.thisday, ["--config", str(shipped), *_PICTURED], catch_exceptions=False)
    lines = [short for line in shown.stdout.splitlines() for short in textwrap.wrap(line, WIDTH) or [""]]
    kept = "\n".join(lines[:most]).rstrip()
    return f"```text\n$ thisday {' '.join(_PICTURED)}\n{kept}\n…\n```\n"


def index(readme: Path, docs: Path) -> str:
    """The head of the README, then a door to every page."""
    head = readme.read_text(encoding="utf-8").partition(HEAD_ENDS)[0].replace("](docs/", "](").replace('src="docs/', 'src="')
    doors = (f"## {title}\n\n{_listed(docs / folder, docs)}" for folder, title in DOORS.items())
    words = "The words: [glossary](glossary.md).\n"
    return "\n".join([f"{NOTICE}\n{head.strip()}\n", *doors, words])


def _listed(folder: Path, docs: Path) -> str:
    found = sorted(folder.glob("*.md"))
    return "".join(f"- [{_title(page)}]({page.relative_to(docs).as_posix()})\n" for page in found)


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")


# Markdown


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("--" for _ in head), *(tuple(map(_cell, row)) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text.replace("\n", " "))
