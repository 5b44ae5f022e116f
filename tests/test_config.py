"""config.yaml: every mistake in one run, secrets from elsewhere and never shown."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import jsonschema
import pytest
import yaml
from pydantic import Field, SecretStr

from bot import config as under_test
from bot.config import Config, cache_folder, config_from, config_path, read_config, schema, secret_key, secrets_in
from bot.errors import Mistake, Problems
from bot.fields import Strict
from tests.builders import folder_of


class Options(Strict):
    """The keys of a made-up kind."""

    room: str
    token: SecretStr | None = Field(default=None, min_length=8)
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    more: tuple[SecretStr, ...] = ()
    style: Literal["plain", "rich"] = "plain"


def read(text: str, folder: Path = Path("/etc/thisday")) -> Config:
    return config_from(text, "config.yaml", folder, {"demo": Options}.get, lambda: ["demo", "other"])


def wrong(text: str, folder: Path = Path("/etc/thisday")) -> list[str]:
    with pytest.raises(Problems) as refused:
        read(text, folder)
    return [str(each).removeprefix("config.yaml:") for each in refused.value.problems]


TEN = """\
timezone: Europe/Berln
at: 9:00
days: mon-fry
catch_up: 12 hours
langauge: de
language: en
language: de
channels:
  first:
    kind: demoo
  second:
    kind: demo
    token: ${THISDAY_TEST_MISSING}
  third:
    kind: demo
    room: file:missing.txt
"""


def test_ten_mistakes_are_told_in_one_run_each_at_its_place() -> None:
    assert wrong(TEN) == [
        "1:11: there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        "2:5: '9:00' is not a time of day; write HH:MM, such as 06:30",
        "3:7: 'mon-fry' names no days of the week; write daily, mon-fri, or mon, wed, fri",
        "4:11: '12 hours' is not a length of time; write 30m, 12h or 2d",
        "5:1: unknown key 'langauge'; did you mean 'language'?",
        "7:1: the key 'language' stands twice; keep one of the two",
        "10:11: there is no kind of channel 'demoo'; did you mean 'demo'?",
        "12:5: 'room' is missing; add room: …",
        "13:12: the environment has no THISDAY_TEST_MISSING; set it, or write ${THISDAY_TEST_MISSING:-default}",
        "16:11: cannot read /etc/thisday/missing.txt: No such file or directory; check the path after file:",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a", "1:1: the document must be a mapping; write its keys below it, indented"),
        ("channels: [a]", "1:11: channels must be a mapping; write its keys below it, indented"),
        ("channels:", "1:10: channels must be a mapping; write its keys below it, indented"),
        ("channels: {a: slack}", "1:15: a channel must be a mapping; write kind: and its keys below it"),
        ("channels: {a: {room: x}}", "1:15: channel 'a' names no kind; add kind: with one of demo, other"),
        ("channels: {a: {kind: xyz}}", "1:22: there is no kind of channel 'xyz'; known are demo, other"),
        ("channels: {'a b': {kind: demo}}", "1:12: 'a b' is no name for a channel; use letters, digits, '.', '_' and '-'"),
        ("channels: {a: {kind: demo, room: x, tokn: y}}", "1:37: unknown key 'tokn'; did you mean 'token'?"),
        ("channels: {a: {kind: demo, room: x, timezon: y}}", "1:37: unknown key 'timezon'; did you mean 'timezone'?"),
        ("channels: {a: {kind: demo, room: x, style: fancy}}", "1:44: style 'fancy' is not known; known are plain, rich"),
        ("channels: {a: {kind: demo, room: x, at: noon}}", "1:41: 'noon' is not a time of day; write HH:MM, such as 06:30"),
        ("calendars: []", "1:12: calendars list is not right; it should have at least 1 item after validation, not 0"),
        ("most: 0", "1:7: most '0' is not right; it should be greater than or equal to 1"),
        ("quiet_days: nearst", "1:13: quiet_days 'nearst' is not known; did you mean 'nearest'?"),
        ("network: {allow_privat: true}", "1:11: unknown key 'allow_privat'; did you mean 'allow_private'?"),
        ("catch_up: 0m", "1:11: '0m' is not a length of time; write 30m, 12h or 2d"),
        ("at: [", "2:1: not YAML: did not find expected node content; check quotes, colons and indentation"),
    ],
)
def test_a_mistake_has_its_place_and_advice(text: str, expected: str) -> None:
    assert wrong(text) == [expected]


def test_mistakes_of_a_channel_in_shared_and_own_keys_are_told_together() -> None:
    found = wrong("channels:\n  a:\n    kind: demo\n    at: noon\n    style: fancy\n    token: short\n")
    assert [each.split(": ")[0] for each in found] == ["3:5", "4:9", "5:12", "6:12"]


def test_an_empty_config_has_every_default() -> None:
    found = read("")
    assert (found.top.timezone, found.top.at, found.top.catch_up, found.channels) == (
        "UTC",
        "09:00",
        timedelta(hours=12),
        (),
    )


def test_an_unquoted_time_stays_a_time() -> None:
    assert read("at: 09:30").top.at == "09:30"


def test_norwegian_stays_a_language() -> None:
    assert read("language: no").top.language == "no"


def test_true_is_true() -> None:
    assert read("network: {allow_private: true}").top.network.allow_private is True


def test_a_channel_has_its_kind_options_and_what_it_set_for_itself() -> None:
    (found,) = read("channels: {a: {kind: demo, room: x, at: 07:00, days: sat-sun}}").channels
    assert (found.name, found.kind, found.told.at, found.told.days) == ("a", "demo", "07:00", frozenset({5, 6}))
    assert found.options == Options(room="x")


def room(text: str, folder: Path = Path("/etc/thisday")) -> str:
    (found,) = read(f"channels: {{a: {{kind: demo, room: '{text}'}}}}", folder).channels
    assert isinstance(found.options, Options)
    return found.options.room


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${THISDAY_A}", "one"), ("x${THISDAY_A}y${THISDAY_B}", "xoneytwo"), ("${THISDAY_A:-other}", "one"),
        ("${THISDAY_NONE:-other}", "other"), ("${THISDAY_NONE:-}", ""), ("$THISDAY_A", "$THISDAY_A"), ("$5", "$5"),
        ("${THISDAY_NESTED}", "${THISDAY_A}"),
    ],
)  # fmt: skip
def test_a_value_may_come_from_the_environment(text: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THISDAY_A", "one")
    monkeypatch.setenv("THISDAY_B", "two")
    monkeypatch.setenv("THISDAY_NESTED", "${THISDAY_A}")
    assert room(text) == expected


def test_a_variable_with_a_default_elsewhere_is_still_missed() -> None:
    assert wrong("channels: {a: {kind: demo, room: '${THISDAY_NONE} ${THISDAY_NONE:-x}'}}") == [
        "1:34: the environment has no THISDAY_NONE; set it, or write ${THISDAY_NONE:-default}"
    ]


def test_a_value_may_come_from_a_file_beside_the_config(tmp_path: Path) -> None:
    assert room("file:secret.txt", folder_of(tmp_path, {"secret.txt": "in the file\n"})) == "in the file"


def test_a_value_may_come_from_a_file_by_its_full_path(tmp_path: Path) -> None:
    folder_of(tmp_path, {"secret.txt": "in the file"})
    assert room(f"file:{tmp_path}/secret.txt") == "in the file"


def test_a_file_that_is_not_text_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_bytes(b"\xff\xfe")
    found = wrong("channels: {a: {kind: demo, room: 'file:secret.txt'}}", tmp_path)
    assert found == [f"1:34: cannot read {tmp_path}/secret.txt: it is not UTF-8 text; check the path after file:"]


SECRETS = """
channels:
  a:
    kind: demo
    room: x
    token: hunter2-hunter2
    headers: {Authorization: Bearer-hunter3}
    more: [hunter4, hunter5]
"""


@pytest.mark.parametrize("show", [repr, str])
def test_a_config_never_shows_its_secrets(show: Any) -> None:
    found = read(SECRETS)
    assert "hunter" not in show(found) + show(found.top) + show(found.channels) + show(found.channels[0].options)


def test_a_config_knows_its_secrets_so_that_they_can_be_masked() -> None:
    assert read(SECRETS).secrets == {"hunter2-hunter2", "Bearer-hunter3", "hunter4", "hunter5"}


def test_secrets_are_found_inside_models_inside_models() -> None:
    class Outer(Strict):
        inner: Options

    assert list(secrets_in(Outer(inner=Options(room="x", token=SecretStr("hunter2-hunter2"))))) == ["hunter2-hunter2"]


@pytest.mark.parametrize("key", ["token", "style", "at", "timezone", "in_doubt", "nearest_within", "kind", "days"])
@pytest.mark.parametrize("secret", ["hunter2", "hunter2 with a 'quote' and a\nline", "hunter2" * 20])
def test_a_problem_never_shows_what_came_from_the_environment(
    key: str, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THISDAY_SECRET", secret)
    found = wrong("channels:\n  a:\n" + "".join(f"    {name}: {value}\n" for name, value in _with(key).items()))
    assert "hunter2" not in "".join(found)


def _with(key: str) -> dict[str, str]:
    return {"kind": "demo", "style": "fancy", key: "${THISDAY_SECRET}"}


def test_a_problem_never_shows_a_secret_that_was_written_out() -> None:
    assert wrong("channels: {a: {kind: demo, room: x, token: hunter2}}") == [
        "1:44: token (not shown) is not right; it should have at least 8 items after validation, not 7"
    ]


def test_a_value_too_short_for_a_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THISDAY_AT", "9")
    assert wrong("at: ${THISDAY_AT}") == ["1:5: '9' is not a time of day; write HH:MM, such as 06:30"]


def test_a_replay_needs_a_start() -> None:
    found = wrong("channels: {a: {kind: demo, room: x, mode: replay}}")
    assert found == ["1:15: mode: replay and start: belong together; give both, or neither"]


def test_a_replay_has_its_start() -> None:
    (found,) = read("channels: {a: {kind: demo, room: x, mode: replay, start: 2026-11-04}}").channels
    assert found.told.start == date(2026, 11, 4)


def test_a_start_that_is_no_date_comes_with_advice() -> None:
    found = wrong("channels: {a: {kind: demo, room: x, mode: replay, start: soon}}")
    assert found == ["1:58: 'soon' is not a date; write year-month-day, such as 2026-11-04"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "/etc/thisday/thisday.db"),
        ("database: data/x.db", "/etc/thisday/data/x.db"), ("database: /data/x.db", "/data/x.db"),
        ("database: postgresql://host/db", "postgresql://host/db"),
    ],
)  # fmt: skip
def test_the_database_stands_beside_the_config_unless_it_says_otherwise(text: str, expected: str) -> None:
    assert read(text).database == expected


def test_a_path_starts_at_the_folder_of_the_config() -> None:
    assert read("").place("templates") == Path("/etc/thisday/templates")


def test_a_config_is_read_from_its_file(tmp_path: Path) -> None:
    folder_of(tmp_path, {"config.yaml": "timezone: Asia/Tehran"})
    found = read_config(tmp_path / "config.yaml", {"demo": Options}.get, list)
    assert (found.top.timezone, found.folder) == ("Asia/Tehran", tmp_path)


def test_a_missing_config_is_a_mistake_with_advice(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"^cannot read .*config\.yaml: .*; give another with --config, or run thisday init$"):
        read_config(tmp_path / "config.yaml", {"demo": Options}.get, list)


def test_a_config_that_is_not_utf_8_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes("language: français".encode("latin-1"))
    with pytest.raises(Mistake, match="cannot read"):
        read_config(tmp_path / "config.yaml", {"demo": Options}.get, list)


def valid(text: str) -> bool:
    return bool(jsonschema.Draft202012Validator(schema({"demo": Options})).is_valid(yaml.safe_load(text)))


def test_the_schema_takes_a_right_config() -> None:
    assert valid("timezone: UTC\nchannels: {a: {kind: demo, room: x, at: '09:00', days: [mon]}}")


@pytest.mark.parametrize(
    "text",
    [
        "timezon: UTC",
        "channels: {a: {kind: other}}",
        "channels: {a: {kind: demo}}",
        "channels: {a: {kind: demo, room: x, y: z}}",
    ],
)
def test_the_schema_refuses_a_wrong_config(text: str) -> None:
    assert not valid(text)


@pytest.mark.parametrize(("value", "expected"), [("/var/cache", "/var/cache/thisday"), ("", "/her/home/.cache/thisday")])
def test_the_cache_is_where_the_system_wants_it(value: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/her/home")
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert cache_folder() == Path(expected)


@pytest.mark.parametrize(("value", "expected"), [("k", "k"), ("", None)])
def test_the_secret_key_may_come_from_the_environment(
    value: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THISDAY_SECRET_KEY", value)
    assert secret_key() == expected


@pytest.mark.parametrize(("value", "expected"), [("/c.yaml", Path("/c.yaml")), ("", None)])
def test_the_config_may_be_named_by_the_environment(
    value: str, expected: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THISDAY_CONFIG", value)
    assert config_path() == expected


def test_the_default_calendar_is_the_crisis() -> None:
    assert read("").top.calendars == under_test.DEFAULT_CALENDARS == ("iran-hostage-crisis",)
