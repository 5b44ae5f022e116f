"""How long does a platform ask us to wait, and which rule is it that fits?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Answer, InDoubt, Refused, Scope, Throttled, Unavailable
from bot.channels._answers import LONGEST_WAIT, Reaction, Rule, classify, failure, waiting_time

NOW = datetime(2026, 7, 20, 6, tzinfo=UTC)
RETRY, RESET = "retry-after", "x-ratelimit-reset"


def answer(status: int = 429, body: str = "", **headers: tuple[str, ...]) -> Answer:
    return Answer(status, {name.replace("_", "-"): values for name, values in headers.items()}, body.encode(), NOW)


@pytest.mark.parametrize(
    ("name", "values", "seconds"),
    [
        (RETRY, ["7"], 7),
        (RETRY, ["0"], 0),
        (RETRY, ["1.5"], 1.5),
        (RETRY, [" 12 "], 12),
        (RETRY, ["Mon, 20 Jul 2026 06:00:10 GMT"], 10),
        (RETRY, ["Monday, 20-Jul-26 06:00:10 GMT"], 10),
        (RETRY, ["Mon, 20 Jul 2026 05:59:00 GMT"], 0),
        (RETRY, ["120", "Mon, 20 Jul 2026 06:02:00 GMT"], 120),
        (RETRY, ["120, Mon, 20 Jul 2026 06:02:00 GMT"], 120),
        (RETRY, ["Mon, 20 Jul 2026 06:02:00 GMT, 30"], 120),
        (RETRY, ["soon", "5"], 5),
        (RETRY, ["99999999999999"], 86400),
        (RETRY, ["9" * 5000], 86400),
        (RETRY, ["Mon, 20 Jul 2099 06:00:00 GMT"], 86400),
        (RESET, ["2026-07-20T06:05:00.000000Z"], 300),
        (RESET, ["2026-07-20T08:05:00+02:00"], 300),
        (RESET, ["2026-07-20T06:05:00"], 300),
        (RESET, ["1784527260"], 60),
        (RESET, ["1784527260000"], 60),
        (RESET, ["9"], 9),
        (RESET, ["1784527100"], 0),
        ("ratelimit-reset", ["1784527230"], 30),
    ],
)
def test_a_named_time_is_read_in_every_form(name: str, values: list[str], seconds: float) -> None:
    wait = waiting_time(Answer(429, {name: tuple(values)}, b"", NOW), default=4242)

    assert wait == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value", ["soon", "", "-5", "1e3", "inf", "nan", "٣", "Mon, 99 Jul 2026 06:00:10 GMT", "2026-13-40T00:00:00Z"]
)
@pytest.mark.parametrize("name", [RETRY, RESET])
def test_nonsense_gives_the_default(name: str, value: str) -> None:
    said = Answer(429, {name: (value,)}, b"", NOW)

    assert waiting_time(said, default=30) == timedelta(seconds=30)
    assert waiting_time(said) is None


def test_retry_after_counts_before_the_reset_of_a_window() -> None:
    assert waiting_time(answer(retry_after=("3",), x_ratelimit_reset=("1784527260",))) == timedelta(seconds=3)


@given(value=st.text(max_size=40) | st.integers().map(str) | st.floats().map(str) | st.datetimes().map(str))
def test_whatever_a_header_says_the_wait_is_between_nothing_and_a_day(value: str) -> None:
    for name in (RETRY, RESET):
        wait = waiting_time(Answer(429, {name: (value,)}, b"", NOW))
        assert wait is None or timedelta() <= wait <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ('{"retry_after": 64.57}', 64.57),
        ('{"retry_after": 0}', 0),
        ('{"retry_after": -3}', 0),
        ('{"retry_after": 1e400}', 86400),
        ('{"retry_after": ' + "9" * 400 + "}", 86400),
        ('{"retry_after": NaN}', 65),
        ('{"retry_after": "soon"}', 65),
        ('{"retry_after": null}', 65),
        ("<html>", 65),
    ],
)
def test_the_seconds_in_a_body_count_before_a_header(body: str, seconds: float) -> None:
    said = answer(body=body, retry_after=("65",))

    assert waiting_time(said, at="retry_after") == timedelta(seconds=seconds)


def test_a_rule_may_ask_for_a_content_type() -> None:
    rules = (Rule("page", Reaction.RETRY_AFTER, content_type="text/html"), Rule("other", Reaction.FAIL_MESSAGE))

    assert classify(rules, answer(content_type=("Text/HTML; charset=UTF-8",))).id == "page"
    assert classify(rules, answer(content_type=("application/json",))).id == "other"
    assert classify(rules, answer()).id == "other"


def test_too_many_requests_are_a_not_yet_on_every_platform() -> None:
    said = answer(429, "<html>", retry_after=("3",))

    found = failure(classify((), said), said, "Platform")

    assert isinstance(found, Throttled)
    assert found.wait == timedelta(seconds=3)


def test_the_first_rule_that_fits_wins() -> None:
    rules = (Rule("narrow", Reaction.DEGRADE, http=400, has="blocks"), Rule("wide", Reaction.FAIL_MESSAGE, http="4xx"))

    assert classify(rules, answer(400, "bad blocks")).id == "narrow"
    assert classify(rules, answer(400, "bad")).id == "wide"
    assert classify(rules, answer(404, "bad blocks")).id == "wide"


def test_a_number_is_not_a_truth_value() -> None:
    rule = Rule("ok", Reaction.SUCCESS, json={"ok": True})

    assert classify((rule,), answer(200, '{"ok": true}')).id == "ok"
    assert classify((rule,), answer(200, '{"ok": 1}')).id == "not-understood"
    assert classify((rule,), answer(200, "true")).id == "not-understood"
    assert classify((rule,), answer(200, "not json")).id == "not-understood"


def test_paths_into_json_are_followed_as_far_as_they_go() -> None:
    rule = Rule("there", Reaction.SUCCESS, json_has="parameters.retry_after")

    assert classify((rule,), answer(200, '{"parameters": {"retry_after": 0}}')).id == "there"
    assert classify((rule,), answer(200, '{"parameters": [1]}')).id == "not-understood"


OUTCOMES = {
    Reaction.RETRY_AFTER: Throttled,
    Reaction.RETRY_BACKOFF: Unavailable,
    Reaction.VERIFY: InDoubt,
    Reaction.WAIT_PROCESSING: Unavailable,
    Reaction.REFRESH_AUTH: (Scope.ACCOUNT, True),
    Reaction.DISABLE_ACCOUNT: (Scope.ACCOUNT, True),
    Reaction.DISABLE_DESTINATION: (Scope.DESTINATION, True),
    Reaction.MOVE_DESTINATION: (Scope.DESTINATION, True),
    Reaction.OWNER_ACTION: (Scope.DESTINATION, False),
    Reaction.FAIL_MESSAGE: (Scope.MESSAGE, True),
    Reaction.DEGRADE: (Scope.MESSAGE, True),
    Reaction.SPLIT: (Scope.MESSAGE, True),
}


@pytest.mark.parametrize(("reaction", "expected"), OUTCOMES.items())
def test_each_reaction_that_leaves_a_conversation_is_one_of_four_failures(reaction: Reaction, expected: object) -> None:
    found = failure(Rule("r", reaction), answer(400), "Platform")

    assert (type(found) if not isinstance(found, Refused) else (found.scope, found.lasting)) == expected


@pytest.mark.parametrize("reaction", [Reaction.RETRY_BACKOFF, Reaction.VERIFY])
def test_a_server_error_is_a_doubt_only_where_the_request_publishes(reaction: Reaction) -> None:
    rule = Rule("server", reaction, http="5xx")

    assert isinstance(failure(rule, answer(500), "Platform", commits=True), InDoubt)
    assert isinstance(failure(rule, answer(500), "Platform", commits=False), Unavailable)


def test_a_server_error_that_does_no_harm_when_repeated_is_no_doubt() -> None:
    rule = Rule("race", Reaction.RETRY_BACKOFF, http=503, harmless=True)

    assert isinstance(failure(rule, answer(503), "Platform"), Unavailable)


def test_a_server_that_says_when_it_will_be_back_has_posted_nothing() -> None:
    found = failure(Rule("server", Reaction.RETRY_BACKOFF, http="5xx"), answer(503, retry_after=("120",)), "Platform")

    assert isinstance(found, Throttled)
    assert found.wait == timedelta(minutes=2)


def test_a_failure_tells_who_said_what_and_what_to_do() -> None:
    rule = Rule("scope", Reaction.OWNER_ACTION, says="give the app that scope")

    assert (
        failure(rule, answer(200), "Slack", "missing_scope").why
        == "Slack answered 200: missing_scope; give the app that scope"
    )
