"""Do the pages say what the program does? Generated pages fresh, every example tried, every command and link real."""

from __future__ import annotations

import base64
import contextlib
import re
import runpy
import shlex
import subprocess
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml
from jinja2.defaults import DEFAULT_FILTERS  # type: ignore[attr-defined]  # not re-exported

from bot import signing
from bot.app import read_config
from bot.calendars.counters import Reading
from bot.calendars.events import Event, Link, Picture, Source
from bot.calendars.shelf import read
from bot.channels import kinds
from bot.cli.main import COMMANDS, thisday
from bot.cli.schema import schema
from bot.editions import Edition, Entry, Section
from bot.rendering.compose import compose
from bot.rendering.markup import PLAIN
from bot.rendering.phrases import phrases
from bot.rendering.templates import Templates
from tests.builders import edition_of, event, folder_of, style_of

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("examples/*/*.md")])
WRITTEN = [page for page in PAGES if page.parent.name != "reference"]
MADE_UP = {
    "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T00000000/B00000000/made-up",
    "SLACK_BOT_TOKEN": "xoxb-made-up",
    "MASTODON_TOKEN": "made-up",
    "BLUESKY_APP_PASSWORD": "made-upxx",
    "MATRIX_TOKEN": "made-up",
    "NTFY_TOPIC": "made-up-topic",
    "TELEGRAM_TOKEN": "123456:made-up",
    "WEBHOOK_URL": "https://receiver.example.org/thisday",
    "WEBHOOK_SECRET": "whsec_bWFkZSB1cCwgb2J2aW91c2x5IG1hZGUgdXA=",
    "DISCORD_WEBHOOK_URL": "https://discord.com/api/webhooks/100000000000000000/made-up",
    "TEAMS_WEBHOOK_URL": "https://made-up.logic.azure.com/workflows/made-up?sig=made-up",
    "GOOGLE_CHAT_WEBHOOK_URL": "https://chat.googleapis.com/v1/spaces/MADEUP/messages?key=made-up&token=made-up",
    "MATTERMOST_WEBHOOK_URL": "https://mattermost.example.org/hooks/madeupmadeupmadeupmadeupma",
    "ROCKETCHAT_WEBHOOK_URL": "https://rocketchat.example.org/hooks/made-up/made-up",
    "ZULIP_API_KEY": "made-up",
    "DATABASE_PASSWORD": "made-up",
}
_FENCED = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(language: str, pages: list[Path] = PAGES) -> Iterator[Any]:
    """Every fenced block of a language, as a parameter named by its page."""
    for page in pages:
        found = [match[3] for match in _FENCED.finditer(page.read_text(encoding="utf-8")) if match[2] == language]
        for number, text in enumerate(found, 1):
            yield pytest.param(textwrap.dedent(text), id=f"{name(page)}-{number}")


# what the program writes


def test_the_generated_pages_are_fresh() -> None:
    stale = runpy.run_path(str(DOCS / "generate.py"))["stale"]

    assert stale() == [], "run make docs"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_stands_in_the_reference(command: str) -> None:
    assert f"\n## `thisday {command}`\n" in (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", kinds())
def test_a_kind_stands_in_the_reference(kind: str) -> None:
    assert f"\n## `{kind}`\n" in (DOCS / "reference" / "channels.md").read_text(encoding="utf-8")


def test_each_dependency_has_its_reasons() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (DOCS / "explanation" / "dependencies.md").read_text(encoding="utf-8")

    told = re.findall(r"^\| ([a-z][a-z0-9-]+) \|", page, re.MULTILINE)

    assert told == [re.split(r"[<>=~]", each)[0] for each in project["dependencies"]]


# templates

TEMPLATES = (DOCS / "reference" / "templates.md").read_text(encoding="utf-8")


def _first_cells(heading: str) -> list[str]:
    """The names in the first column of the table under a heading."""
    table = TEMPLATES.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return [each for line in table.splitlines()[2:] for each in re.findall(r"`(\w+)`", line.split("|")[1])]


def test_the_page_on_templates_names_every_filter() -> None:
    known = Templates([], "console", PLAIN)._environment.filters

    assert _first_cells("Filter") == [each for each in known if each not in DEFAULT_FILTERS]


def test_the_page_on_templates_names_every_block() -> None:
    shipped = (ROOT / "templates" / "edition.txt.j2").read_text(encoding="utf-8")

    assert _first_cells("Block") == re.findall(r"{% block (\w+) %}", shipped)


@pytest.mark.parametrize(
    ("heading", "thing"),
    [("`edition.`", Edition), ("Of a section", Section), ("Of an entry", Entry), ("Of a reading", Reading)],
)
def test_what_the_page_on_templates_names_is_there(heading: str, thing: type) -> None:
    known = {*thing.__dataclass_fields__, *vars(thing)}  # type: ignore[attr-defined]  # a dataclass

    assert set(_first_cells(heading)) - {"edition"} <= known


def test_the_parts_of_an_event_that_the_page_names_are_there() -> None:
    told = re.search(r"\| `event` \| the event: (.*) \|", TEMPLATES)
    assert told is not None

    assert set(re.findall(r"`(\w+)`", told[1])) <= set(Event.__dataclass_fields__)
    assert {"title", "publisher", "url", "date"} == set(Source.__dataclass_fields__)
    assert {"title", "url"} == set(Link.__dataclass_fields__)
    assert {"url", "alt", "credit"} == set(Picture.__dataclass_fields__)


def test_a_template_may_use_every_name_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = _first_cells("Name")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "edition.txt.j2").write_text(
        "used\n" + "".join(f"{{% if {each} %}}{{% endif %}}" for each in names)
    )
    (tmp_path / "config.yaml").write_text("templates: templates\nchannels: {terminal: {kind: console}}\n")

    thisday.main(["--config", str(tmp_path / "config.yaml"), "preview", "--date", "2026-11-04"], standalone_mode=False)

    assert {"title", "edition", "part", "parts"} <= set(names)
    assert "used" in capsys.readouterr().out


# examples on the pages


@pytest.mark.parametrize("text", list(blocks("yaml")))
def test_a_yaml_block_loads_without_mistakes(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in MADE_UP.items():
        monkeypatch.setenv(key, value)
    (tmp_path / "mastodon-token").write_text("made-up\n")
    place = tmp_path / "block.yaml"
    place.write_text(text.replace("file:/run/secrets/", f"file:{tmp_path}/"), encoding="utf-8")

    if text.startswith("calendar:"):
        read(place, None)
    elif text.startswith("on_this_day:"):  # words for Italian
        place.rename(folder_of(tmp_path, {"locales/it.yaml": ""}) / "locales" / "it.yaml")
        assert phrases("it", (tmp_path,)).say("more") == "Altro"
    else:
        read_config(place)


_ERRATA = [each for each in blocks("jinja") if "{% extends base %}" in each.values[0]]


@pytest.mark.parametrize("text", [each for each in blocks("jinja") if each not in _ERRATA])
def test_a_template_on_a_page_renders(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates" / "mastodon").mkdir(parents=True)
    (tmp_path / "templates" / "mastodon" / "edition.txt.j2").write_text(text)
    (tmp_path / "config.yaml").write_text("templates: templates\nchannels: {terminal: {kind: console}}\n")

    thisday.main(
        ["--config", str(tmp_path / "config.yaml"), "preview", "--kind", "mastodon", "--date", "2026-11-04"],
        standalone_mode=False,
    )

    assert "archive" in capsys.readouterr().out


@pytest.mark.parametrize("text", _ERRATA)
def test_a_template_of_an_erratum_on_a_page_renders(text: str, tmp_path: Path) -> None:
    (tmp_path / "erratum.txt.j2").write_text(text)

    corrected = compose(edition_of(date(2026, 7, 20), event()), replace(style_of(folder=tmp_path), erratum="the length"))

    assert corrected.text.startswith("We were wrong: the length\n\nOn this day: 20 July")


def test_the_receiver_on_the_webhook_page_knows_our_signature() -> None:
    (example,) = (each.values[0] for each in blocks("python", [DOCS / "how-to" / "webhook.md"]))
    there: dict[str, Any] = {}
    exec(example, there)  # noqa: S102  # the very text of the page
    secret, body, now = f"whsec_{base64.b64encode(bytes(32)).decode()}", b'{"type":"daily.published"}', datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(signing.seconds(now)),
        "webhook-signature": signing.sign([MADE_UP["WEBHOOK_SECRET"], secret], "msg_1", now, body),
    }

    assert there["genuine"](secret, headers, body)
    assert not there["genuine"](secret, headers, body + b" ")
    assert not there["genuine"](secret, {**headers, "webhook-timestamp": "1700000000"}, body)


def test_the_page_on_testing_names_every_peer_and_its_version() -> None:
    page = (DOCS / "explanation" / "testing.md").read_text(encoding="utf-8")
    sources = [each.read_text(encoding="utf-8") for each in (ROOT / "tests" / "peers").glob("*.py")]

    pinned = [each for text in sources for each in re.findall(r'"([@\w/.-]+(?:==|@)\d[\w.-]*)"', text)]

    assert pinned
    assert [each for each in pinned if f"`{each}`" not in page] == []


def _command_lines() -> Iterator[Any]:
    """Each `thisday …` of the hand-written pages: in blocks for the shell, and between backquotes."""
    for page in WRITTEN:
        text = page.read_text(encoding="utf-8")
        shell = [line for match in _FENCED.finditer(text) if match[2] == "sh" for line in _joined(match[3])]
        quoted = re.findall(r"`(thisday [^`]+)`", _FENCED.sub("", text))
        for number, line in enumerate([*shell, *(re.sub(r"\s+", " ", each) for each in quoted)], 1):
            if "thisday" in line:
                yield pytest.param(line, id=f"{name(page)}-{number}")


def _joined(text: str) -> list[str]:
    return text.replace("\\\n", " ").splitlines()


def _arguments(line: str) -> list[str] | None:
    """What stands behind the call of `thisday`, whatever stands before it; None where it is not called (a path, a name)."""
    words = shlex.split(line, comments=True)
    calls = [at for at, word in enumerate(words) if word == "thisday" and _begins(words[at + 1 :], first=at == 0)]
    return words[calls[-1] + 1 :] if calls else None


def _begins(words: list[str], *, first: bool) -> bool:
    return first or (bool(words) and words[0] in COMMANDS)


@pytest.mark.parametrize("line", list(_command_lines()))
def test_a_command_line_on_a_page_is_one_that_thisday_knows(line: str) -> None:
    arguments = _arguments(line)
    if arguments is None or arguments[0] == "COMMAND":
        return
    if len(arguments) == 1 and not arguments[0].startswith("-"):  # named in a sentence, not called
        assert arguments[0] in COMMANDS, line
        return
    with contextlib.suppress(click.exceptions.Exit):  # --version, --help
        _parse(thisday, arguments, None)


def _parse(command: click.Command, arguments: list[str], parent: click.Context | None) -> None:
    """As click would, short of running it. Raises UsageError."""
    context = command.make_context(command.name, arguments, parent=parent)
    left = [*context._protected_args, *context.args]
    if isinstance(command, click.Group) and left:
        _, found, rest = command.resolve_command(context, left)
        assert found is not None
        _parse(found, rest, context)


def _anchors(page: Path) -> set[str]:
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings} | set(
        re.findall(r'<a id="([\w-]+)">', text)
    )


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_link_leads_somewhere(page: Path) -> None:
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))

    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", text):
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{name(page)} links to {target}"
        assert not anchor or anchor in _anchors(there), f"{name(page)} links to {target}#{anchor}"


# files for editors


class _AsEditorsSee(yaml.SafeLoader):
    """YAML 1.2, as editors read it: a date is text, and so is `on`."""


_AsEditorsSee.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if first not in "oOyYnN"
}


def _with_schema() -> Iterator[Any]:
    for path in [*ROOT.glob("*.yaml"), *ROOT.glob("events/**/*.yaml"), *ROOT.glob("examples/**/*.yaml")]:
        text = path.read_text(encoding="utf-8")
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        yield pytest.param(path, named[1] if named else None, id=name(path))


@pytest.mark.parametrize(("path", "named"), list(_with_schema()))
def test_a_shipped_file_names_its_schema_and_an_editor_finds_no_fault(path: Path, named: str | None) -> None:
    assert named is not None, f"{name(path)} names no schema"
    assert (path.parent / named).resolve().parent == DOCS / "reference"
    what = Path(named).name.removesuffix(".schema.json")

    plain = _as_json(yaml.load(path.read_text(encoding="utf-8"), _AsEditorsSee))  # noqa: S506  # a safe loader

    jsonschema.Draft202012Validator(schema(what)).validate(plain)


def _as_json(value: Any) -> Any:
    """Keys of mappings are text in JSON."""
    if isinstance(value, dict):
        return {str(key): _as_json(each) for key, each in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, list) else value


# lengths and traces


@pytest.mark.parametrize(("page", "most"), [("README.md", 120), ("CONTRIBUTING.md", 100)])
def test_a_page_is_short(page: str, most: int) -> None:
    assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) <= most


# Written in pieces, so that this file does not find itself.
_TRACES = re.compile(
    "|".join(["/wor" + "k/", "/ro" + "ot/", "/Us" + "ers/", "/home/" + r"\w", "pypi" + r"\.org", "python" + r"hosted\.org"])
    + "|"
    + "|".join(["npm" + r"js\.(?:org|com)", "docker" + r"\.io", "gh" + r"cr\.io", "quay" + r"\.io"])
)


def test_no_committed_file_names_a_machine_or_a_registry() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607  # the git in use
    paths = [ROOT / each for each in listed.stdout.split("\0") if each and (ROOT / each).is_file()]

    found = {name(path): match[0] for path in paths if (match := _TRACES.search(path.read_text("utf-8", "replace")))}

    assert found == {}
