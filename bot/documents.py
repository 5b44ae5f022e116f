"""What does this YAML document say, and at which line and column does it say it?

PyYAML's nodes keep their place; pydantic judges the values; every mistake of a document is reported in one go.
Scalars arrive as text: `09:00` stays a time (YAML 1.1 would read the number 540) and `no` stays Norwegian;
the models decide what a number or a yes is. Only the plain words true, false, null and ~ have a meaning of their own.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import yaml

from bot.errors import Problem, Problems, Where

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

Path = tuple[str | int, ...]
Substitute = Callable[[str], str]
M = TypeVar("M", bound="BaseModel")
K = TypeVar("K")

MOST_LEVELS = 100
# Without aliases a document holds fewer values than characters; with them it may unfold to so many more.
MOST_ALIASED = 100_000
SHOWN = 40  # so much of a wrong value is shown
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_ESCAPING = '"'  # the one style that can name what may not stand in a file: "\\x0b"
_HIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what YAML itself refuses
_PLAIN = (None, "")  # the style of an unquoted scalar in PyYAML's own parser and in libyaml's
_TAGS = {f"tag:yaml.org,2002:{each}" for each in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C class exists only where libyaml does
    """Composes nodes only; nothing is ever constructed, so no tag can run anything."""

    yaml_implicit_resolvers: dict[str, object] = {}  # noqa: RUF012  # PyYAML's own class attribute


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: plain values (dict, list, str, bool, None) that remember where they stood."""

    source: str
    value: Any
    root: yaml.Node | None

    def where(self, path: Path = (), *, key: bool = False) -> Where:
        """The place of the value at `path` (or of its key); the nearest parent that exists if it is missing."""
        node, at = self.root, self.root
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            name, node = found
            at = name if key and step == path[-1] else node
        return place(self.source, at.start_mark) if at is not None else Where(self.source, 1, 1)


@dataclass(slots=True)
class _Unfolding:
    """The walk from nodes to values, gathering problems on the way."""

    source: str
    substitute: Substitute | None
    most: int
    problems: list[Problem]
    values: int = 0
    open: set[int] = field(default_factory=set)

    def value(self, node: yaml.Node) -> Any:
        self.values += 1
        if self.values > self.most:
            raise Problems([self._problem(node, "this document unfolds to too many values", "use fewer aliases")])
        if node.tag not in _TAGS:
            self.problems.append(self._problem(node, f"the tag {node.tag} is not known", "leave it out"))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        return self._nested(node)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.style in _PLAIN and node.value in _WORDS:
            return _WORDS[node.value]
        if node.style == _ESCAPING and (hidden := _HIDDEN.search(node.value)):
            what = f"U+{ord(hidden[0]):04X} is a character that cannot be shown"
            self.problems.append(self._problem(node, what, "leave it out"))
        if self.substitute is None or ("$" not in node.value and ":" not in node.value):
            return node.value
        return self._substituted(node, self.substitute)

    def _substituted(self, node: yaml.ScalarNode, substitute: Substitute) -> Any:
        try:
            return substitute(node.value)
        except Problems as found:
            self.problems += [self._problem(node, problem.what, problem.instead) for problem in found.problems]
            return ""

    def _nested(self, node: yaml.Node) -> Any:
        if id(node) in self.open:
            raise Problems([self._problem(node, "this anchor contains itself", "write the values out")])
        if len(self.open) == MOST_LEVELS:
            raise Problems([self._problem(node, "nested too deeply", "use fewer levels")])
        self.open.add(id(node))
        value = self._mapping(node) if isinstance(node, yaml.MappingNode) else [self.value(each) for each in node.value]
        self.open.discard(id(node))
        return value

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for name, content in node.value:
            under = self.value(content)
            if not isinstance(name, yaml.ScalarNode):
                self.problems.append(self._problem(name, "a list or a mapping is no key", "write a word before the colon"))
            elif name.value in value:
                self.problems.append(self._problem(name, f"the key {name.value!r} stands twice", "keep one of the two"))
            else:
                value[name.value] = under
        return value

    def _problem(self, node: yaml.Node, what: str, instead: str) -> Problem:
        return Problem(place(self.source, node.start_mark), what, instead)


def place(source: str, mark: yaml.Mark) -> Where:
    """PyYAML counts lines and columns from 0; people and editors from 1."""
    return Where(source, mark.line + 1, mark.column + 1)


def parse(text: str, source: str, found: list[Problem], substitute: Substitute | None = None) -> Document:
    """One YAML document as plain values. Raises `Problems` where the text cannot be understood at all.

    What else is wrong (keys that stand twice, unknown tags) goes into `found`, so that it is told beside the mistakes
    that come to light later. `substitute` rewrites each scalar (the config's `${NAME}`) and may raise `Problems`, whose
    places are filled in here.
    """
    root = _composed(text, source)
    unfolding = _Unfolding(source, substitute, len(text) + MOST_ALIASED, found)
    return Document(source, unfolding.value(root) if root is not None else None, root)


def _composed(text: str, source: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = place(source, mark) if mark else Where(source, 1, 1)
        raise Problems([Problem(where, f"not YAML: {error.problem}", "check quotes, colons and indentation")]) from None
    except yaml.reader.ReaderError as error:
        raise Problems([Problem(_reader_place(text, source, error), f"not YAML: {error.reason}", "remove it")]) from None
    except RecursionError:  # of PyYAML's own parser; libyaml has a limit
        raise Problems([Problem(Where(source, 1, 1), "nested too deeply", "use fewer levels")]) from None


def _reader_place(text: str, source: str, error: yaml.reader.ReaderError) -> Where:
    before = text[: error.position]
    return Where(source, before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def check(document: Document, model: type[M], *, at: Path = ()) -> M:
    """The value at `at` as a `model`. Raises `Problems` with every mistake in it, each at its line and column."""
    from pydantic import ValidationError

    value = document.value
    for step in at:
        value = value[step]
    try:
        return model.model_validate(value if value is not None else {})
    except ValidationError as error:
        raise Problems(problems(document, model, error, at=at)) from None


def problems(
    document: Document, model: type[BaseModel], error: ValidationError, *, at: Path = (), also: Sequence[str] = ()
) -> Iterator[Problem]:
    """Pydantic's findings in our words and at their places. `also` are keys known there besides the model's."""
    for found in error.errors(include_url=False):
        loc = found["loc"]
        wrong_key = loc[-1:] == ("[key]",)  # so pydantic marks the key of a dict
        path = at + tuple(loc[:-1] if wrong_key else loc)
        name = "the key" if wrong_key else _name(path)
        what, instead = _words(model, found, name, also)
        # What is wrong with a key is shown at the key, everything else at its value.
        where = document.where(path, key=wrong_key or found["type"] == "extra_forbidden")
        yield Problem(where, what, instead)


def _name(path: Path) -> str:
    return str(next((step for step in reversed(path) if isinstance(step, str)), "the document"))


def _words(model: type[BaseModel], found: Mapping[str, Any], name: str, also: Sequence[str]) -> tuple[str, str]:  # noqa: PLR0911  # a table of findings
    context = found.get("ctx") or {}
    match found["type"]:
        case "mistake":
            return context["what"], context["instead"]
        case "missing":
            return f"{name!r} is missing", f"add {name}: …"
        case "extra_forbidden":
            return f"unknown key {name!r}", suggestion(name, [*also, *keys_at(model, found["loc"][:-1])])
        case "literal_error" | "enum":
            return f"{name} {_shown(model, found)} is not known", suggestion(str(found["input"]), _expected(context))
        case "model_type" | "dict_type":
            return f"{name} must be a mapping", "write its keys below it, indented"
        case "list_type" | "tuple_type" | "set_type" | "frozen_set_type":
            return f"{name} must be a list", "write one '- …' per line"
        case _:
            message = str(found["msg"]).removeprefix("Value error, ")
            _, should, rest = message.partition(" should ")
            return f"{name} {_shown(model, found)} is not right", f"it should {rest}" if should else message


def _shown(model: type[BaseModel], found: Mapping[str, Any]) -> str:
    """The wrong value in short; never one of a field that holds a secret."""
    value = found["input"]
    text = repr(value) if isinstance(value, str | int | float | bool) else type(value).__name__
    if _is_secret(model, found["loc"]):
        return "(not shown)"
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _expected(context: Mapping[str, Any]) -> list[str]:
    """The known values out of pydantic's "'solemn', 'neutral' or 'celebratory'"."""
    return str(context.get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")


def suggestion(word: str, known: Sequence[str], *, otherwise: str = "") -> str:
    """ "did you mean …?" for the nearest known word, else `otherwise`, else the list of all of them."""
    near = difflib.get_close_matches(word.lower(), [each.lower() for each in known], n=1, cutoff=0.6)
    if near:
        return f"did you mean {next(each for each in known if each.lower() == near[0])!r}?"
    return otherwise or (f"known are {', '.join(dict.fromkeys(known))}" if known else "leave it out")


def keys_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys that the model nested at `path` knows, as they are written in the file."""
    from pydantic import BaseModel

    *_, annotation = _annotations(model, path)
    innermost = _class_in(annotation, BaseModel)
    return list(_fields(innermost)) if innermost else []


def _is_secret(model: type[BaseModel], path: Sequence[str | int]) -> bool:
    from pydantic import SecretStr

    *_, annotation = _annotations(model, path)
    return _class_in(annotation, SecretStr) is not None


def _annotations(model: type[BaseModel], path: Sequence[str | int]) -> Iterator[Any]:
    """The model, then the annotation of each field on the way along `path`, as far as they are known."""
    from pydantic import BaseModel

    annotation: Any = model
    yield annotation
    for step in path:
        inside = _class_in(annotation, BaseModel)
        if inside and step in _fields(inside):
            annotation = _fields(inside)[str(step)]
            yield annotation


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {each.alias or name: each.annotation for name, each in model.model_fields.items()}


def _class_in(annotation: Any, kind: type[K]) -> type[K] | None:
    """The first class of a kind inside an annotation such as `dict[str, Counter] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, kind):
        return annotation
    return next((found for each in get_args(annotation) if (found := _class_in(each, kind))), None)


def mistake(what: str, instead: str = "") -> Exception:
    """Raise this inside a pydantic validator: it comes out as a `Problem` with these words."""
    from pydantic_core import PydanticCustomError

    return PydanticCustomError("mistake", "{what}; {instead}", {"what": what, "instead": instead})
