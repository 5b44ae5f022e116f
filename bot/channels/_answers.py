"""What did an answer mean? Each platform has a table of the answers it knows; the first rule that fits wins.

A rule names one of fourteen reactions. Some are dealt with inside a conversation (a refused picture is left out); what
leaves it is a receipt or one of the four failures, and `failure` is the one place where the one becomes the other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from bot.channels import Answer, Failure, InDoubt, Refused, Scope, Throttled, Unavailable

LONGEST_WAIT = timedelta(days=1)
_DATE = re.compile(r"[A-Z][a-z]{2,8}, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT")
_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
_MILLISECONDS, _EPOCH = 1e12, 1e9  # from here on a number is a time of day since 1970, not a length of time


class Reaction(StrEnum):
    """What a posting program must do about an answer."""

    SUCCESS = "success"
    SUCCESS_ASYNC = "success_async"
    RETRY_AFTER = "retry_after"
    RETRY_BACKOFF = "retry_backoff"
    VERIFY = "verify_then_retry"
    REFRESH_AUTH = "refresh_auth"
    MOVE_DESTINATION = "move_destination"
    WAIT_PROCESSING = "wait_processing"
    SPLIT = "split"
    DEGRADE = "degrade"
    FAIL_MESSAGE = "fail_message"
    DISABLE_DESTINATION = "disable_destination"
    DISABLE_ACCOUNT = "disable_account"
    OWNER_ACTION = "owner_action"


SUCCESSES = (Reaction.SUCCESS, Reaction.SUCCESS_ASYNC)
# What the owner is told where a post cannot be edited.
AS_NEW = "thisday correct --as-new posts an erratum instead"
GONE = f"the post is no longer there; {AS_NEW}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One answer a platform gives; whatever is left out fits anything.

    `http` is a status or a class such as "5xx", or several; `body` the whole text; `has` a part of it; `json` dotted paths
    and their value (or several); `json_has` a path that is there; `content_type` how the header of that name begins;
    `endpoint` and `repeated_key` come from the conversation. `says` tells the owner what it means, `wait` is how many
    seconds to wait if the answer names no time, `wait_at` the path of the seconds that the body names (it is exacter than a
    header), `scope` whose limit it is, if the answer tells, and `harmless` marks a server error after which the same
    request may be sent again without a look.
    """

    id: str
    reaction: Reaction
    http: int | str | tuple[int | str, ...] = ()
    body: str | None = None
    has: str = ""
    json: Mapping[str, Any] = field(default_factory=dict)
    json_has: str = ""
    content_type: str = ""
    endpoint: str = ""
    repeated_key: bool = False
    says: str = ""
    wait: float | None = None
    wait_at: str = ""
    scope: Scope | None = None
    harmless: bool = False

    def fits(self, answer: Answer, endpoint: str, *, repeated_key: bool) -> bool:
        return (
            (not self.http or _has_status(self.http, answer.status))
            and (self.body is None or answer.text.strip() == self.body)
            and self.has in answer.text
            and _has_type(self.content_type, answer)
            and (not self.endpoint or self.endpoint == endpoint)
            and (not self.repeated_key or repeated_key)
            and self._fits_json(answer)
        )

    def _fits_json(self, answer: Answer) -> bool:
        if not self.json and not self.json_has:
            return True
        content = answer.json()
        found = not self.json_has or dotted(content, self.json_has) is not None
        return found and all(_is_one_of(dotted(content, path), value) for path, value in self.json.items())


# What remains when no rule of the platform fits.
UNKNOWN = (
    Rule("redirect", Reaction.FAIL_MESSAGE, http="3xx", says="the address redirects; write the final address"),
    Rule("not-understood", Reaction.VERIFY, http="2xx", says="the answer is not one that this platform gives"),
    Rule("server-error", Reaction.VERIFY, http="5xx", says="the server failed"),
    Rule("too-many", Reaction.RETRY_AFTER, http=429, says="too many requests"),
    Rule("refused", Reaction.FAIL_MESSAGE, says="the request was refused"),
)


def classify(rules: Sequence[Rule], answer: Answer, *, endpoint: str = "", repeated_key: bool = False) -> Rule:
    """The first rule that fits; what no platform names is judged by its class of status."""
    return next(rule for rule in (*rules, *UNKNOWN) if rule.fits(answer, endpoint, repeated_key=repeated_key))


def failure(rule: Rule, answer: Answer, platform: str, detail: str = "", *, commits: bool = True) -> Failure:  # noqa: PLR0911  # a table
    """The failure that a rule's reaction comes to; `commits` tells whether the request would have made the post public.

    `detail` is the platform's own word for it, already free of secrets.
    """
    why = _why(rule, answer, platform, detail)
    match rule.reaction:
        case Reaction.RETRY_AFTER:
            return Throttled(why, waiting_time(answer, rule.wait, rule.wait_at), rule.scope)
        case Reaction.RETRY_BACKOFF if answer.status == 503 and "retry-after" in answer.headers:  # RFC 9110, 15.6.4
            return Throttled(why, waiting_time(answer, rule.wait))
        case Reaction.RETRY_BACKOFF | Reaction.VERIFY:
            return InDoubt(why) if commits and _may_have_acted(rule, answer) else Unavailable(why)
        case Reaction.WAIT_PROCESSING:
            return Unavailable(why)
        case Reaction.DISABLE_ACCOUNT | Reaction.REFRESH_AUTH:
            return Refused(Scope.ACCOUNT, why)
        case Reaction.DISABLE_DESTINATION | Reaction.MOVE_DESTINATION:
            return Refused(Scope.DESTINATION, why)
        case Reaction.OWNER_ACTION:
            return Refused(Scope.DESTINATION, why, lasting=False)
        case _:
            return Refused(Scope.MESSAGE, why)


def _may_have_acted(rule: Rule, answer: Answer) -> bool:
    return rule.reaction is Reaction.VERIFY or (answer.status >= 500 and not rule.harmless)  # server errors


def _why(rule: Rule, answer: Answer, platform: str, detail: str) -> str:
    told = f": {detail}" if detail else ""
    meaning = f"; {rule.says}" if rule.says else ""
    return f"{platform} answered {answer.status}{told}{meaning}"


def dotted(content: Any, path: str) -> Any:
    """The value at `a.b.c` in parsed JSON; None where there is none."""
    for step in path.split("."):
        content = content.get(step) if isinstance(content, dict) else None
    return content


def _has_status(wanted: int | str | tuple[int | str, ...], status: int) -> bool:
    several = wanted if isinstance(wanted, tuple) else (wanted,)
    return status in several or f"{status // 100}xx" in several


def _has_type(wanted: str, answer: Answer) -> bool:
    return not wanted or any(each.lower().startswith(wanted) for each in answer.headers.get("content-type", ()))


def _is_one_of(value: Any, wanted: Any) -> bool:
    """Equal and of the same type: 1 is not true."""
    several = wanted if isinstance(wanted, tuple) else (wanted,)
    return any(value == each and type(value) is type(each) for each in several)


def waiting_time(answer: Answer, default: float | None = None, at: str = "") -> timedelta | None:
    """How long the platform asks us to wait from now on: never negative, a day at most; None if it names no time.

    The seconds in the body (`at` their path) count before Retry-After, and that before X-RateLimit-Reset. Where several
    times are named at once (a starting GoToSocial sends a number and a date), the longest counts.
    """
    named = dotted(answer.json(), at) if at else None
    if isinstance(named, int) or (isinstance(named, float) and not math.isnan(named)):  # JSON as Python reads it knows NaN
        return timedelta(seconds=min(max(0.0, named), LONGEST_WAIT.total_seconds()))
    for read, names in ((_retry_after, ("retry-after",)), (_reset, ("x-ratelimit-reset", "ratelimit-reset"))):
        values = [value for name in names for value in answer.headers.get(name, ())]
        waits = [wait for value in values for wait in read(value, answer.at)]
        if waits:
            return timedelta(seconds=min(max(0.0, *waits), LONGEST_WAIT.total_seconds()))
    return None if default is None else timedelta(seconds=default)


def _retry_after(value: str, now: datetime) -> Iterator[float]:
    """Every number and HTTP date of one value; dates hold a comma themselves."""
    for found in _DATE.findall(value):
        yield from _until(parsedate_to_datetime, found, now)
    for part in _DATE.sub("", value).split(","):
        if _NUMBER.fullmatch(part.strip()):
            yield float(part)


def _reset(value: str, now: datetime) -> Iterator[float]:
    """A time since 1970 in seconds or milliseconds, a number of seconds from now, or an ISO 8601 time."""
    text = value.strip()
    if not _NUMBER.fullmatch(text):
        yield from _until(datetime.fromisoformat, text, now)
        return
    number = float(text)
    if number < _EPOCH:
        yield number
    else:
        yield (number / 1000 if number >= _MILLISECONDS else number) - now.timestamp()


def _until(parse: Any, text: str, now: datetime) -> Iterator[float]:
    try:
        found: datetime = parse(text)
    except (ValueError, TypeError, OverflowError):
        return
    yield ((found if found.tzinfo else found.replace(tzinfo=UTC)) - now).total_seconds()
