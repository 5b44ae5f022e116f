"""Does a text read as all texts of a calendar should? Length, signs, spelling, tone and words of judgement."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.calendars.events import Tone
from bot.calendars.lint_subject import Hit, Place, Subject, Whole

LONGEST_TEXT, LONGEST_TITLE = 280, 90
_CAPITALS = re.compile(r"\b[A-Z]{4,}\b(?: [A-Z]{4,}\b)+|\b[A-Z]{6,}\b")
_ABBREVIATIONS = {"UNESCO", "UNICEF", "UNHCR", "INTERPOL", "CENTCOM", "CENTO", "SAVAK", "NATO", "OPEC"}
_SPACING = re.compile(r"\S(  +)\S|\S( +)[,.;:!?](?=\s|$)|[,;](?=[^\W\d_])")
_ENDS = re.compile(r"[.!?…؟][)\]\"'”\u2019»]*$")
_DOUBLE = re.compile(r"[\"“”„«»]")
_STRAIGHT, _CURLY = re.compile(r"['\"]"), re.compile(r"[\u2018\u2019“”]")
_WITH_DOTS, _WITHOUT_DOTS = re.compile(r"(?<!\d )\bU\.S\.(?!\w| \d)"), re.compile(r"\bUS\b")
_JUDGEMENT = re.compile(
    r"\b(atrocious|barbaric|bloodthirsty|brave(?:ly)?|brutal(?:ly)?|cowardly|courageous(?:ly)?|cruel(?:ly)?|despicable|"
    r"disgraceful(?:ly)?|evil|fanatic(?:s|al)?|glorious(?:ly)?|heinous|heroic(?:ally)?|horrific(?:ally)?|infamous(?:ly)?|"
    r"monstrous|notorious(?:ly)?|outrageous(?:ly)?|ruthless(?:ly)?|sadly|savage(?:ly)?|shameful(?:ly)?|shocking(?:ly)?|"
    r"so-called|thugs?|tragic(?:ally)?|unfortunately|vicious(?:ly)?|wicked)\b",
    re.IGNORECASE,
)
_PERIOD = "year|month|week|weekend|spring|summer|autumn|fall|winter|decade|century"
_RELATIVE = re.compile(
    rf"\b(yesterday|today|tomorrow|tonight|nowadays|currently|recently|(?<!the )(?:last|next) (?:{_PERIOD})|"
    rf"this (?:{_PERIOD}|morning|evening)|\d+ (?:years|months|weeks|days) ago)\b",
    re.IGNORECASE,
)
_DEATH = re.compile(
    r"\b(die|dies|died|dead|death|deaths|kill|kills|killed|killing|executed|execution|executions|execute|executes|murder|"
    r"murders|murdered|assassinated|assassination|assassinates|hanged|massacre|buried|drown|drowned)\b",
    re.IGNORECASE,
)
_NUMBER = r"\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens|hundreds|thousands"
_DEATHS = re.compile(
    rf"\b(?:{_NUMBER}) (?:\w+ ){{0,2}}?(?:were |was )?(?:killed|dead|died|executed)\b|\bkill(?:ed|ing) (?:{_NUMBER}) \w+",
    re.IGNORECASE,
)
_NO_DEATH = re.compile(
    r"\b((if|whether|unless|plans? for) .*|death (sentence|penalty|threat)s?|dead end|kills? (a|the) (bill|plan|deal))\b",
    re.IGNORECASE,
)


def text_too_long(subject: Subject) -> Iterator[Hit]:
    for part, size in _lengths(subject, "text"):
        if size > LONGEST_TEXT:
            yield Hit(part, f"the text has {size} characters", f"tell it in {LONGEST_TEXT}, and the rest in more:")


def title_too_long(subject: Subject) -> Iterator[Hit]:
    for part, size in _lengths(subject, "title"):
        if size > LONGEST_TITLE:
            yield Hit(part, f"the title has {size} characters", f"say it in {LONGEST_TITLE}")


def _lengths(subject: Subject, name: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """How long a part of an event is, in its own language and in the others."""
    yield (name,), len(getattr(subject.event, name))
    for each in subject.event.translations:
        yield ("translations", each.language, name), len(getattr(each, name))


def no_text(subject: Subject) -> Iterator[Hit]:
    if subject.day and subject.event.sources and not subject.event.text:
        yield Hit((), f"{subject.event.key!r} has a title only", "add text: with one to three sentences")


def full_stop(subject: Subject) -> Iterator[Hit]:
    for part, words in subject.parts.items():
        if part != "title" and not _ENDS.search(words):
            yield Hit((part,), "the last sentence does not end", "end it with a full stop", words.split()[-1])
    if re.search(r"(?<!\.\w)(?<!\b[JSD]r)\.$", subject.event.title):
        yield Hit(("title",), "the title ends with a full stop", "leave it out")


def spacing(subject: Subject) -> Iterator[Hit]:
    for part, match in subject.matches(_SPACING):
        what = "two spaces" if match[1] else "a space before a sign" if match[2] else "no space after a sign"
        yield Hit((part,), f"{what} in {match[0]!r}", "put one space between words, none before signs", match[0])


def capitals(subject: Subject) -> Iterator[Hit]:
    for part, match in subject.matches(_CAPITALS):
        if not set(match[0].split()) <= _ABBREVIATIONS:
            yield Hit((part,), f"{match[0]!r} is in capitals", "write it small", match[0])


def quotation(subject: Subject) -> Iterator[Hit]:
    """Texts of sourced calendars are in our own words."""
    for part, match in subject.matches(_DOUBLE) if subject.event.sources else ():
        yield Hit((part,), "a quotation mark in a text that should be our own words", "say it without quoting", match[0])


def quote_mix(whole: Whole) -> Iterator[tuple[Place, Hit]]:
    """Straight and curly quotes and apostrophes: what the calendar has more of is right."""
    yield from _rarer(whole, _STRAIGHT, _CURLY, "straight quotes", "curly quotes")


def us_spelling(whole: Whole) -> Iterator[tuple[Place, Hit]]:
    yield from _rarer(whole, _WITHOUT_DOTS, _WITH_DOTS, "US", "U.S.")


def _rarer(
    whole: Whole, one: re.Pattern[str], other: re.Pattern[str], name: str, other_name: str
) -> Iterator[tuple[Place, Hit]]:
    """A hit for each use of that of two spellings which is rarer in this calendar."""
    texts = [words for subject in whole.subjects for words in subject.parts.values()]
    uses = Counter({name: sum(len(one.findall(words)) for words in texts)})
    uses[other_name] = sum(len(other.findall(words)) for words in texts)
    (common, _), (rare, _) = uses.most_common()
    for subject in whole.subjects:
        for part, match in subject.matches(one if rare == name else other):
            yield subject.place, Hit((part,), f"{rare} where the calendar has {common} elsewhere", f"use {common}", match[0])


def judgement(subject: Subject) -> Iterator[Hit]:
    for part, match in subject.matches(_JUDGEMENT):
        yield Hit((part,), f"{match[0]!r} judges", "tell what happened and let the reader judge", match[0])


def relative_time(subject: Subject) -> Iterator[Hit]:
    """A text is read in any year: what is last year today is not so tomorrow."""
    for part, match in subject.matches(_RELATIVE) if subject.event.began else ():
        yield Hit((part,), f"{match[0]!r} depends on when it is read", "name the day or the year", match[0])


def tone_of_death(subject: Subject) -> Iterator[Hit]:
    if subject.event.tone is Tone.SOLEMN:
        return
    found = {"title": _DEATH.search(_NO_DEATH.sub("", subject.event.title)), "text": _DEATHS.search(subject.event.text)}
    for part, match in found.items():
        if match:
            what = f"the {part} tells of death ({match[0]!r}) and the tone is {subject.event.tone}"
            yield Hit((part,), what, "set tone: solemn", match[0])
