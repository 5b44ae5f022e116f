"""Which template renders an edition, and what may it do?

Jinja2, sandboxed and strict: an unknown name is a mistake, not an empty string. Looked for in this order, so that a
user overrides a shipped template by its name: yours/KIND, yours, shipped/KIND, shipped. A template of a kind extends
the one for any kind by the name `any/NAME`; one of yours extends the shipped one by the name `shipped/NAME`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.resources.abc import Traversable
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.calendars.counters import Reading
from bot.calendars.events import Event, Source
from bot.editions import Edition, Entry, Section
from bot.errors import Problem, Problems, Where
from bot.languages import digits, persian_digits
from bot.rendering import words
from bot.rendering.direction import isolated
from bot.rendering.markup import Markup
from bot.rendering.phrases import Phrases, phrases

# A template of a hostile or careless user may loop: what it puts out and how often its loops turn are bounded.
MOST_CHARACTERS = 200_000
MOST_TURNS = 100_000


class Raw(str):
    """Text that is in the platform's markup already; everything else a template prints is escaped."""

    __slots__ = ()


class Templates:
    """The templates of one kind, in one markup."""

    def __init__(self, folders: Sequence[Traversable], kind: str, markup: Markup, language: Phrases | None = None) -> None:
        self._any = list(folders)
        self._kind = [place for folder in folders for place in (folder / kind, folder)]
        self._environment = _environment(markup, self._load, language or phrases())

    def render(self, name: str, context: dict[str, Any]) -> str:
        """The rendered text, trimmed, never with more than one empty line. Raises `Problems` for a faulty template."""
        try:
            self._environment.turns = 0
            pieces = self._environment.get_template(name).generate(**context)
            return _tidy(_bounded(pieces, name))
        except jinja2.TemplateSyntaxError as error:
            where = Where(error.filename or error.name or name, error.lineno, 1)
            raise Problems([Problem(where, f"template: {error.message}", "see the page on templates")]) from None
        except jinja2.TemplateNotFound as error:
            what = f"there is no template {error.name!r}"
            raise Problems([Problem(self._line_of(error, name), what, "check its name")]) from None
        except jinja2.TemplateError as error:
            raise Problems([Problem(self._line_of(error, name), f"template: {error.message}", _ADVICE)]) from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
            raise Problems([Problem(self._line_of(error, name), f"template: {error}", _ADVICE)]) from None

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        for place in self._places(name):
            if place.is_file():
                return place.read_text(encoding="utf-8"), str(place), lambda: True
        return None

    def _places(self, name: str) -> Iterator[Traversable]:
        """Where a template may stand; the last of the folders is the shipped one."""
        where, _, rest = name.partition("/")
        folders = {"any": self._any, "shipped": self._any[-1:]}.get(where, self._kind)
        yield from (folder / (name if folders is self._kind else rest) for folder in folders)

    def _line_of(self, error: BaseException, name: str) -> Where:
        """The line of the template that raised: the innermost frame of the traceback that is a template."""
        where, trace = Where(name), error.__traceback__
        while trace is not None:
            file = trace.tb_frame.f_code.co_filename
            if file.endswith(".j2"):
                where = Where(file, trace.tb_lineno, 1)
            trace = trace.tb_next
        return where


_ADVICE = "the names a template may use are in the page on templates"
_TURN = "_turn"


# The values a template is given, and their fields and properties; methods stay the sandbox's business.
_OURS = (Edition, Section, Entry, Reading, Event, Source)
_FIELDS = frozenset(
    (kind, name) for kind in _OURS for name, value in vars(kind).items() if name[0] != "_" and not callable(value)
)


class _Environment(ImmutableSandboxedEnvironment):
    # What a macro, `super()` or a set block gives back was escaped piece by piece.
    concat = staticmethod(lambda pieces: Raw("".join(pieces)))
    intercepted_binops = frozenset({"*", "**"})
    turns = 0

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Fields of our own values are read without the sandbox's questions, which took a fifth of the time."""
        if (type(obj), attribute) in _FIELDS:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def turn(self) -> None:
        """Called at each turn of each loop."""
        self.turns += 1
        if self.turns > MOST_TURNS:
            raise jinja2.TemplateRuntimeError("its loops do not end")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """A text times a number, or a power, may fill the memory before anything is put out."""
        if operator == "**" or not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"{operator} is for numbers" if operator == "*" else "there are no powers")
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        for loop in template.find_all(nodes.For):
            counted = nodes.ExprStmt(nodes.Call(nodes.Name(_TURN, "load"), [], [], None, None))
            loop.body.insert(0, counted.set_lineno(loop.lineno))
        return template


def _environment(markup: Markup, load: Callable[[str], Any], spoken: Phrases) -> _Environment:
    environment = _Environment(
        loader=jinja2.FunctionLoader(load),
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: value if isinstance(value, Raw) else markup.escape("" if value is None else str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a changed file counts after a restart
        autoescape=False,  # `finalize` escapes, by the rules of the platform instead of HTML's
    )
    environment.globals[_TURN] = environment.turn
    del environment.globals["lipsum"]  # makes as much text as one likes
    environment.filters |= {
        "strong": lambda text: Raw(markup.strong(markup.escape(str(text)))),
        "link": lambda label, url: Raw(markup.link(str(url), str(label))) if url else label,
        **_in_language(spoken),
    }
    return environment


def _in_language(spoken: Phrases) -> dict[str, Callable[..., str]]:
    """The filters that say something, in the channel's language where the template names no other one."""
    own = spoken.language
    return {
        "day_month": lambda day, language=own: words.day_month(day, language),
        "full_date": lambda day, language=own: words.full_date(day, language),
        "weekday": lambda day, language=own: words.weekday(day, language),
        "number": lambda value, language=own: words.number(value, language),
        "digits": lambda value, language=own: digits(value, language),
        "ordinal": lambda value: spoken.say("ordinal", n=value),
        "years_ago": spoken.years_ago,
        "word": spoken.say,
        "isolate": lambda text: isolated(str(text), own),
        "persian_digits": persian_digits,
        "persian_date": words.persian_date,
    }


def _bounded(pieces: Any, name: str) -> str:
    kept, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > MOST_CHARACTERS:
            raise Problems([Problem(Where(name), "template: its output does not end", "look at its loops")])
        kept.append(piece)
    return "".join(kept)


def _tidy(text: str) -> str:
    lines: list[str] = []
    for line in text.splitlines():
        stripped = line.rstrip()
        if stripped or (lines and lines[-1]):
            lines.append(stripped)
    return "\n".join(lines).strip()
