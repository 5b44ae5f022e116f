"""How does an edition become a message that fits? Leave out first, then shorten; never inside a word.

In this order, until the text is within the budget: the sources go (one link stays), the least important events keep
only their titles, then go too, the counters of other years than the lead's go, the lead's text ends after a sentence,
then after a word. Where posts are short and answer each other, a text that would be cut is a second message instead.
What is shortened is the plain text before it is marked up, so that no address, entity or grapheme is ever cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.calendars.events import Event
from bot.editions import Edition, Entry
from bot.errors import Mistake
from bot.rendering.budget import Budget
from bot.rendering.markup import PLAIN, Markup
from bot.rendering.message import Image, Message
from bot.rendering.phrases import Phrases, phrases
from bot.rendering.templates import Templates

# Not after an initial or a title ("U.S. envoy", "Dr. Smith"), and not before a small letter ("about 8 a.m. on Sunday").
_SENTENCE_END = re.compile(r"(?<=[.!?…؟])(?<!\b[A-Z]\.)(?<!\b(?:Mr|Dr|St|No|Lt)\.)(?<!\bMrs\.)\s+(?=[^\sa-z])")
_LOOSE_ENDS = " ,;:-\u2013\u2014\u060c\u061b"  # what no shortened sentence should end with
DAILY, WEEKLY, ERRATUM = "edition.txt.j2", "week.txt.j2", "erratum.txt.j2"


@dataclass(frozen=True, slots=True)
class Style:
    """How one channel reads: its templates in its own markup and in plain text, its budget, its language.

    `continues`: a text that finds no room beside its title may follow as a message of its own. `erratum`: it corrects an
    earlier post, for this reason, which may be empty.
    """

    templates: Templates
    plain: Templates
    budget: Budget
    phrases: Phrases = field(default_factory=phrases)
    hashtags: tuple[str, ...] = ()
    continues: bool = False
    erratum: str | None = None


@dataclass(frozen=True, slots=True)
class _Draft:
    """An edition on its way to fitting."""

    edition: Edition
    sources: bool = True
    part: int = 1
    parts: int = 1
    continued: bool = False  # only the text of the lead: its title stands in the message before
    text: str = ""  # as it was measured; empty before


def style(
    folders: Sequence[Any],
    kind: str,
    markup: Markup,
    budget: Budget,
    language: str,
    hashtags: tuple[str, ...] = (),
    *,
    continues: bool = False,
) -> Style:
    """The style of a kind, with templates from `folders` (the user's first)."""
    spoken = phrases(language, tuple(folders))
    own = Templates(folders, kind, markup, spoken)
    # Compiling templates is half of the work of a preview.
    plain = own if markup is PLAIN else Templates(folders, kind, PLAIN, spoken)
    return Style(own, plain, budget, spoken, hashtags, continues)


def compose(edition: Edition, style: Style) -> Message:
    """The edition as one message within the budget. Raises `Mistake` where even its bare title does not fit."""
    return _message(_fitted(_Draft(_told(edition, style)), style), style)


def compose_whole(edition: Edition, style: Style) -> tuple[Message, ...]:
    """As `compose`; where the style continues, a lead that would be cut is told in two messages: title, then text."""
    if not style.continues:
        return (compose(edition, style),)
    return _messages(_pieces(_Draft(_told(edition, style)), style), style)


def compose_thread(edition: Edition, style: Style) -> tuple[Message, ...]:
    """The edition as numbered messages, each within the budget; one message if it fits in one."""
    if len(edition.entries) < 2 or style.budget.fits(_text(_Draft(_told(edition, style)), style)):
        return compose_whole(edition, style)
    chunks = [_numbered(_Draft(chunk)) for chunk in _chunks(_told(edition, style), style)]
    return _messages([piece for chunk in chunks for piece in _pieces(chunk, style)], style)


def _told(edition: Edition, style: Style) -> Edition:
    return edition.told_in(style.phrases.language)


def _messages(pieces: Sequence[_Draft], style: Style) -> tuple[Message, ...]:
    if len(pieces) == 1:
        return (_message(pieces[0], style),)
    drafts = (replace(piece, part=number, parts=len(pieces), text="") for number, piece in enumerate(pieces, 1))
    return tuple(_message(draft, style) for draft in drafts)


def _numbered(draft: _Draft) -> _Draft:
    """Measured as the 99th of 99, so that the number never makes a part too long."""
    return replace(draft, part=99, parts=99)


def _pieces(draft: _Draft, style: Style) -> tuple[_Draft, ...]:
    """The draft as it fits. Two of them only where they tell a lead whole that one would cut."""
    least = _least(draft, style)
    if least.text:
        return (least,)
    two = _title_and_text(least) if style.continues else ()
    return two if two and all(_fits(each, style) for each in two) else (_shortened(least, style),)


def _title_and_text(draft: _Draft) -> tuple[_Draft, ...]:
    """The lead's title with the heading, then its text; nothing for a week, which is told in titles."""
    edition, lead = draft.edition, draft.edition.lead
    if lead is None or edition.weekly:
        return ()
    head = edition.with_event(lead, replace(lead.event, text=""))
    # Everything but the text is in the head, the picture and the link too.
    text = replace(lead.event, title="", sources=(), links=(), picture=None)
    tail = replace(edition, entries=(replace(lead, event=text),), readings=(), nearest=False, left_out=0)
    return _numbered(replace(draft, edition=head)), _numbered(replace(draft, edition=tail, continued=True))


def _chunks(edition: Edition, style: Style) -> Iterator[Edition]:
    """The entries in order, as many a part as fit; the counters stand in the first part only."""
    held: list[Entry] = []
    part = 1
    for entry in edition.entries:
        if held and not style.budget.fits(_text(_part(edition, [*held, entry], part), style)):
            yield _part(edition, held, part).edition
            held, part = [], part + 1
        held.append(entry)
    yield _part(edition, held, part).edition


def _part(edition: Edition, entries: list[Entry], part: int) -> _Draft:
    readings = edition.readings if part == 1 else ()
    return _numbered(_Draft(replace(edition, entries=tuple(entries), readings=readings)))


def _fitted(draft: _Draft, style: Style) -> _Draft:
    least = _least(draft, style)
    return least if least.text else _shortened(least, style)


def _least(draft: _Draft, style: Style) -> _Draft:
    """The draft with no more left out than it must; without a text where it does not fit even so."""
    for candidate in _leaving_out(draft):
        text = _text(candidate, style)
        if style.budget.fits(text):
            return replace(candidate, text=text)
    return candidate


def _leaving_out(draft: _Draft) -> Iterator[_Draft]:
    yield draft
    draft = replace(draft, sources=False)
    yield draft
    while (briefer := draft.edition.briefer()) is not None:
        draft = replace(draft, edition=briefer)
        yield draft
    while len(draft.edition.entries) > 1:
        draft = replace(draft, edition=draft.edition.without_least())
        yield draft
    yield replace(draft, edition=draft.edition.with_own_counter())


def _shortened(draft: _Draft, style: Style) -> _Draft:
    """The draft with the longest text, and then title, of its lead that fits."""
    lead = draft.edition.lead
    if lead is not None:
        for drafts in (_with_texts(draft, lead), _with_titles(draft, lead)):
            found = _longest(list(drafts), lambda each: _fits(each, style))
            if found is not None:
                return found
    raise Mistake("an edition does not fit its channel even without its events", "shorten the template")


def _fits(draft: _Draft, style: Style) -> bool:
    return style.budget.fits(_text(draft, style))


def _with_texts(draft: _Draft, lead: Entry) -> Iterator[_Draft]:
    yield from (_with(draft, lead, replace(lead.event, text=text)) for text in shortenings(lead.event.text))


def _with_titles(draft: _Draft, lead: Entry) -> Iterator[_Draft]:
    yield from (_with(draft, lead, replace(lead.event, text="", title=title)) for title in shortenings(lead.event.title))


def _with(draft: _Draft, lead: Entry, event: Event) -> _Draft:
    return replace(draft, edition=draft.edition.with_event(lead, event))


def _longest(drafts: Sequence[_Draft], fits: Callable[[_Draft], bool]) -> _Draft | None:
    """The first of `drafts`, sorted from long to short, that fits."""
    low, high = 0, len(drafts)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(drafts[middle]) else (middle + 1, high)
    return drafts[low] if low < len(drafts) else None


def shortenings(text: str) -> Iterator[str]:
    """The text, then shorter and shorter: fewer whole sentences while more than one is left, then fewer words, then ""."""
    sentences = _SENTENCE_END.split(text)
    for count in range(len(sentences), 0, -1):
        yield " ".join(sentences[:count])
    spoken = sentences[0].split()
    for count in range(len(spoken) - 1, 0, -1):
        yield _ended(spoken[:count]) + " …"
    yield ""


def _ended(spoken: Sequence[str]) -> str:
    """Words without loose ends; the last sign of an address is no loose end."""
    text = " ".join(spoken)
    return text if "://" in spoken[-1] else text.rstrip(_LOOSE_ENDS)


def _text(draft: _Draft, style: Style, templates: Templates | None = None) -> str:
    edition = draft.edition
    base = WEEKLY if edition.weekly else DAILY
    context = {
        "base": base,
        "reason": style.erratum,
        "edition": edition,
        "title": style.phrases.title(edition.day, edition.last, replay=edition.replay),
        "language": style.phrases.language,
        "sources": draft.sources,
        "link": _link(edition),
        "hashtags": style.hashtags,
        "part": draft.part,
        "parts": draft.parts,
        "continued": draft.continued,
    }
    return (templates or style.templates).render(base if style.erratum is None else ERRATUM, context)


def _link(edition: Edition) -> str:
    """Where a reader can go on: the lead's own link, else its first source with an address."""
    event = edition.lead.event if edition.lead else None
    if event is None:
        return ""
    addresses = [*(link.url for link in event.links), *(source.url for source in event.sources)]
    return next(filter(None, addresses), "")


def _message(draft: _Draft, style: Style) -> Message:
    edition = draft.edition
    event = edition.lead.event if edition.lead else None
    picture = event.picture if event else None
    text = draft.text or _text(draft, style)
    title = style.phrases.title(edition.day, edition.last, replay=edition.replay)
    return Message(
        title=title if style.erratum is None else style.phrases.say("correction_of", title=title),
        text=text,
        plain=text if style.plain is style.templates else _text(draft, style, style.plain),
        language=style.phrases.language,
        tone=_tone(edition),
        link=_link(edition),
        image=Image(picture.url, picture.alt, picture.credit) if picture else None,
        part=draft.part,
        parts=draft.parts,
        data=_data(edition),
    )


def _tone(edition: Edition) -> str:
    """One solemn event makes the message solemn; otherwise it has the tone of its lead."""
    tones = [entry.event.tone.value for entry in edition.entries]
    return "solemn" if "solemn" in tones else next(iter(tones), "neutral")


def _data(edition: Edition) -> dict[str, Any]:
    return {
        "day": edition.day.isoformat(),
        "last": edition.last.isoformat(),
        "counters": [_counter_data(reading) for reading in edition.readings],
        "events": [_event_data(entry) for entry in edition.entries],
        "left_out": edition.left_out,
    }


def _counter_data(reading: Any) -> dict[str, Any]:
    return {
        "counter": f"{reading.counter.calendar}/{reading.counter.key}",
        "label": reading.label,
        "number": reading.number,
        "total": reading.total,
        "date": reading.original.isoformat(),
        "milestone": reading.milestone,
        "series": reading.values,
    }


def _event_data(entry: Entry) -> dict[str, Any]:
    event = entry.event
    return {
        "id": entry.id,
        "date": event.began.isoformat() if event.began else None,
        "years_ago": entry.years_ago,
        "day_number": entry.reading.number if entry.reading else None,
        "title": event.title,
        "text": event.text,
        "language": event.language,
        "tone": event.tone.value,
        "importance": event.importance,
        "certainty": event.certainty.value,
        "tags": list(event.tags),
        "sources": [{"title": each.title, "publisher": each.publisher, "url": each.url} for each in event.sources],
    }
