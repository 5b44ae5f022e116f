"""How is a post put right that was wrong? In place where its platform can, else by an erratum; shown before it is done."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import click

from bot.app import App
from bot.channels import Channel
from bot.cli.main import DONE, NOT_ALL
from bot.cli.opening import Day, open_app, resolved
from bot.cli.output import as_json, heading
from bot.cli.post import exit_code, plain, waits
from bot.delivery import corrections, reports
from bot.delivery.corrections import Correction, Posting
from bot.delivery.states import Delivery, State
from bot.delivery.turn import in_turn
from bot.editions import NothingToTell
from bot.errors import Mistake
from bot.rendering.message import Message
from bot.subscriptions.subscription import Subscription

_LONGEST = 200  # characters of a reason
_COLORS = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for beside the day and the channel."""

    reason: str
    as_new: bool


@dataclass(frozen=True, slots=True)
class _Planned:
    subscription: Subscription
    correction: Correction

    @property
    def how(self) -> str:
        if self.correction.unchanged:
            return "unchanged"
        return "erratum" if self.correction.errata else "edit"


@click.command("correct")
@click.argument("day", type=Day())
@click.option("--channel", "names", multiple=True, help="The channel; may be repeated.")
@click.option("--all", "everywhere", is_flag=True, help="Every channel that told this date.")
@click.option("--reason", default="", help="What was wrong, in a few words, for the first line of an erratum.")
@click.option("--as-new", is_flag=True, help="Post an erratum even where the post could be edited.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    day: str | date,
    names: tuple[str, ...],
    reason: str,
    *,
    everywhere: bool,
    as_new: bool,
    dry_run: bool,
    json_: bool,
) -> int:
    """Put right what was posted for DAY: mend the calendar first, then run this.

    A post is edited where its platform allows it. Elsewhere an erratum is posted, as an answer where there are answers.
    """
    if bool(names) == everywhere:
        raise click.UsageError("name the channel with --channel, or say --all", ctx)
    app, wish = open_app(ctx), _Wish(_checked(reason), as_new)
    found, troubles = _planned(app, _wanted(app, names), day, wish, strict=not everywhere)
    if not json_:
        _show(found)
    outcomes = [] if dry_run else asyncio.run(_send(app, found))
    if json_:
        as_json([_as_plain(each, [] if dry_run else outcomes[number]) for number, each in enumerate(found)])
    for each in (delivery for several in outcomes for delivery in several):
        _tell(each)
    code = exit_code(each for several in outcomes for each in several)
    return code or (NOT_ALL if troubles else DONE)


def _checked(reason: str) -> str:
    words = " ".join(reason.split())
    if len(words) > _LONGEST:
        raise Mistake(f"the reason is {len(words)} characters long", f"write at most {_LONGEST}")
    return words


def _wanted(app: App, names: Iterable[str]) -> Sequence[Subscription]:
    if not app.has_database():
        raise Mistake("nothing was posted yet", "there is no database")
    return [app.subscription(name) for name in dict.fromkeys(names)] or app.known()


# what is to be done


def _planned(
    app: App, wanted: Iterable[Subscription], day: str | date, wish: _Wish, *, strict: bool
) -> tuple[list[_Planned], int]:
    """What is to be done for each channel, and for how many nothing can; `strict`: a mistake for one is one for all."""
    found, troubles = list[_Planned](), 0
    for each in wanted:
        try:
            found += _of_channel(app, each, resolved(day, app, each.timezone), wish, strict=strict)
        except Mistake as mistake:
            if strict:
                raise
            troubles += 1
            click.echo(str(mistake), err=True)
    if not found and not troubles:
        raise Mistake(f"no channel told {day}", "see thisday deliveries")
    return found, troubles


def _of_channel(app: App, wanted: Subscription, day: date, wish: _Wish, *, strict: bool) -> list[_Planned]:
    told = [each.delivery for each in reports.history(app.database, day, wanted.name)]
    postings = corrections.postings(told, reports.texts(app.database, told))
    if not postings and strict:
        raise _nothing(wanted.name, day, told)
    found = [_Planned(wanted, _correction(app, wanted, each, wish)) for each in postings]
    if strict and found and all(each.correction.unchanged for each in found) and not _given_up(found):
        raise _unchanged(wanted.name, day, found)
    return found


def _unchanged(name: str, day: date, found: Iterable[_Planned]) -> Mistake:
    done = any(each.state is State.DELIVERED for one in found for each in one.correction.posting.corrections)
    advice = f"it was corrected already, see thisday why {day} {name}" if done else "mend the calendar first"
    return Mistake(f"{name} says for {day} what the calendar says now", advice)


def _given_up(found: Iterable[_Planned]) -> bool:
    """Whether a correction is under way that is no longer wanted."""
    return any(each.correction.posting.under_way for each in found)


def _nothing(name: str, day: date, told: Sequence[Delivery]) -> Mistake:
    last = next((each for each in reversed(told) if each.corrects is None), None)
    why = f" ({last.state}: {last.reason})" if last else ""
    return Mistake(f"nothing was posted to {name} on {day}{why}", f"see thisday why {day} {name}")


def _correction(app: App, wanted: Subscription, posting: Posting, wish: _Wish) -> Correction:
    corrections.require_settled(posting)
    channel = app.channel(wanted)
    after = _composed(app, wanted, channel, posting)
    if corrections.can_edit(channel, posting) and not wish.as_new:
        return corrections.in_place(posting, after)
    return corrections.beside(posting, after, _composed(app, wanted, channel, posting, wish.reason), wish.reason)


def _composed(
    app: App, wanted: Subscription, channel: Channel, posting: Posting, erratum: str | None = None
) -> Sequence[Message]:
    """The edition as it reads now, within the limits that were known when it was posted."""
    from bot.delivery import facts

    first, known = posting.first, facts.facts(app.database, facts.about(channel))
    late = [(each.day, each.run) for each in app.ledger.rolled_up(first)]
    limits = known.values if known else {}
    found = app.paper.messages(wanted, channel, first.day, limits, first.run, late, erratum)
    if isinstance(found, NothingToTell):
        raise Mistake(f"{wanted.name} would be told nothing for {first.day} now: {found.reason}", "delete the post by hand")
    return found


# doing it


async def _send(app: App, planned: Iterable[_Planned]) -> list[list[Delivery]]:
    async with app.http:
        return [await _sent(app, each) for each in planned]


async def _sent(app: App, planned: _Planned) -> list[Delivery]:
    """Every edit by itself; the parts of an erratum one after the other, as far as they get there."""
    channel, outcomes = app.channel(planned.subscription), list[Delivery]()
    for each in await asyncio.to_thread(corrections.opened, app.ledger, planned.correction, app.now()):
        outcomes.append(await in_turn(app.courier, each, channel, waits(each.subscription)))
        if not each.edits and outcomes[-1].state is not State.DELIVERED:
            break
    return outcomes


# showing it


def _show(planned: Iterable[_Planned]) -> None:
    for each in planned:
        first = each.correction.posting.first
        heading(f"{each.subscription.name} ({each.subscription.kind}), {first.slot}: {each.how}")
        if not each.correction.unchanged:
            _show_change(each.correction)


def _show_change(correction: Correction) -> None:
    for line in _difference(correction):
        click.secho(line, fg=_COLORS.get(line[:1]))
    for erratum in correction.errata:
        click.echo(f"\n{erratum.title}\n\n{erratum.plain}")
    click.echo()


def _difference(correction: Correction) -> Iterator[str]:
    before, after = ([line for each in some for line in _lines(each)] for some in (correction.before, correction.after))
    return difflib.unified_diff(before, after, "posted", "corrected", lineterm="")


def _lines(message: Message) -> Iterator[str]:
    """All that is shown of a message, line by line."""
    yield message.title
    yield from message.plain.splitlines()
    if message.image:
        yield f"[picture: {message.image.url}: {message.image.alt} ({message.image.credit})]"
    yield f"[{message.language}, {message.tone}] {message.link}"


def _tell(delivery: Delivery) -> None:
    where = f" {delivery.receipt_url}" if delivery.receipt_url else ""
    why = f": {delivery.reason}" if delivery.reason else ""
    done = "corrected in place" if delivery.edits else "erratum posted"
    state = done if delivery.state is State.DELIVERED else f"correction {delivery.id} {delivery.state}"
    later = "; a running thisday tries it again" if delivery.state is State.WAITING else ""
    click.echo(f"{delivery.subscription}: {delivery.day} {state}{where}{why}{later}", err=True)


def _as_plain(planned: _Planned, outcomes: Iterable[Delivery]) -> dict[str, Any]:
    correction, first = planned.correction, planned.correction.posting.first
    return {
        "channel": planned.subscription.name,
        "day": first.day,
        "post": first.slot,
        "how": planned.how,
        "before": [each.plain for each in correction.before],
        "after": [each.plain for each in correction.after],
        "errata": [each.plain for each in correction.errata],
        "deliveries": [{**plain(each), "part": each.part} for each in outcomes],
    }
