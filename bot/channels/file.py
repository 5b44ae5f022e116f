"""How does an edition become a file of a static site? One file for each day, written whole or not at all.

The same content twice is no change, so a repeat does no harm, and a look at the file settles every doubt.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath
from string import Formatter
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator

from bot.channels import Claim, Conversation, Doubt, Post, Receipt, Refused, Scope, Unavailable
from bot.channels._html_text import HTML, page
from bot.channels._markdown_text import address, escaper, on_one_line, strong
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import UNLIMITED, Budget
from bot.rendering.markup import PLAIN, Markup
from bot.rendering.message import Message

MODE = 0o644
PLACES = {"day", "year", "month", "slot", "part"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
# What CommonMark and the templates of site builders read as more than text; at the beginning of a line, lists too.
_SIGNS = r"[\\`*_\[\]<>|~&{}$]|^[ \t]*[-+=#]|^[ \t]*\d{1,9}[.)]|!(?=\[)"
_literal = escaper(_SIGNS)


def _link(url: str, label: str) -> str:
    shown = _literal(on_one_line(label if label.strip() else url))
    return f"[{shown}]({address(url)})" if re.match(r"https?://", url, re.IGNORECASE) else shown


MARKDOWN = Markup("CommonMark", _literal, strong, _link)


class FileOptions(Strict):
    folder: str = Field(description="where the files are written; it has to be there")
    format: Literal["markdown", "html", "json"] = Field("markdown", description="what is written")
    pattern: str = Field("", description="the name of a file; {day}.md, {day}.html or {day}.json, if left out")
    front_matter: bool = Field(True, description="title, date and language above a Markdown text, for site builders")

    @field_validator("folder")
    @classmethod
    def _folder(cls, value: str) -> str:
        if "\0" in value or not Path(value).expanduser().is_absolute():
            raise mistake(f"{value!r} is not a whole path", "write it from the root: /srv/www/on-this-day")
        return value

    @field_validator("pattern")
    @classmethod
    def _pattern(cls, value: str) -> str:
        return _checked(value) if value else value


def _checked(pattern: str) -> str:
    try:
        parsed = list(Formatter().parse(pattern))
    except ValueError:
        raise mistake(f"{pattern!r} has a brace too many", "write a name such as {day}.md") from None
    named = [name for _, name, _, _ in parsed if name is not None]
    if not {"day", "slot"} & {*named}:
        raise mistake(f"{pattern!r} is the same name every day", "write {day} into it")
    if not {*named} <= PLACES or any(spec or conversion for _, _, spec, conversion in parsed):
        raise mistake(f"{pattern!r} has a place that is not known", f"known are {', '.join(sorted(PLACES))}")
    steps = pattern.split("/")
    if not pattern.isprintable() or "\\" in pattern or any(each.startswith(".") or not each for each in steps):
        raise mistake(f"{pattern!r} leads out of the folder, or is hidden", "write a name such as {year}/{day}.md")
    return pattern


class File:
    """Files in a folder, one for each day: Markdown, HTML or JSON."""

    kind: ClassVar[str] = "file"
    title: ClassVar[str] = "Files"
    markup: ClassVar[Markup] = MARKDOWN
    doubt: ClassVar[Doubt] = Doubt(repeat_within=timedelta(days=366), quiet=timedelta(0))
    Options: ClassVar[type[FileOptions]] = FileOptions
    example: ClassVar[Mapping[str, Any]] = {"folder": "/srv/www/on-this-day"}

    def __new__(cls, options: FileOptions) -> Self:
        """Chooses the way by the format, as each has a markup of its own."""
        chosen: type[Any] = {"html": FileOfHtml, "json": FileOfJson}.get(options.format, cls)
        made: Self = object.__new__(chosen)
        return made

    def __init__(self, options: FileOptions) -> None:
        self.options = options
        self._pattern = options.pattern or f"{{day}}.{'md' if options.format == 'markdown' else options.format}"
        self._folder = Path(options.folder).expanduser()

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:  # noqa: ARG003  # the seam
        """`file:///srv/www/on-this-day/{day}.md`: a folder, and perhaps the pattern of a name; its ending is the format."""
        parts = urlsplit(address)
        if parts.scheme != "file" or parts.netloc:
            return None
        path = PurePosixPath(unquote(address.removeprefix("file://")))
        formats = {".md": "markdown", ".html": "html", ".json": "json"}
        if path.suffix not in formats:
            return {"folder": str(path)}
        return {"folder": str(path.parent), "pattern": path.name, "format": formats[path.suffix]}

    @property
    def destination(self) -> str:
        return f"file:{self._folder.as_posix()}/{self._pattern}"

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # a file takes any length
        return UNLIMITED

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # the seam
        raise TypeError("a file is written by `deliver`; there is nobody to ask")

    def find(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt | None]:  # noqa: ARG002  # the seam
        """Whether the file is there with this very content."""
        yield from ()
        return self._receipt(post) if _holds(self._path(post), self.content(post)) else None

    async def deliver(self, post: Post, claim: Claim) -> Receipt:
        path, content = self._path(post), self.content(post)
        if await asyncio.to_thread(_holds, path, content):
            await claim()
            return self._receipt(post)
        beside = await self._asked(self._written_beside, path, content)
        try:
            await claim()
            await self._asked(beside.replace, path)
        finally:
            beside.unlink(missing_ok=True)
        return self._receipt(post)

    async def rewrite(self, post: Post, claim: Claim) -> Receipt:
        """The file of the post that is corrected, written anew."""
        assert post.corrects is not None
        return await self.deliver(replace(post, slot=post.corrects.slot), claim)

    async def _asked(self, do: Any, *arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(do, *arguments)
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be written to: {error.strerror}") from error

    def _written_beside(self, path: Path, content: bytes) -> Path:
        """A file beside the one that it is to replace. The folder itself is never made: a disk may be missing."""
        if not self._folder.is_dir():
            raise Unavailable(f"there is no folder {self._folder}; make it")
        root = self._folder.resolve()
        if not path.parent.resolve().is_relative_to(root):
            raise Refused(Scope.DESTINATION, f"{path} leads out of its folder", lasting=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        return _written(path.parent, content)

    def _path(self, post: Post) -> Path:
        """In the folder by the pattern. A part without a place of its own in it is named before the ending."""
        part = post.message.part
        day = _day(post)
        named = self._pattern.format(
            day=_named(post, day), year=day[:4], month=day[5:7], slot=_UNSAFE.sub("-", post.slot).strip("-."), part=part
        )
        path = self._folder / named
        return path if part == 1 or "{part}" in self._pattern else path.with_stem(f"{path.stem}-{part}")

    def _receipt(self, post: Post) -> Receipt:
        return Receipt(id=self._path(post).relative_to(self._folder).as_posix())

    def content(self, post: Post) -> bytes:
        """The bytes of the file: nothing in it tells when it was written."""
        return f"{self._text(post)}\n".encode()

    def _text(self, post: Post) -> str:
        message, title = post.message, _title(post.message)
        head = (
            f"{_front_matter(title, _day(post), message.language)}\n\n"
            if self.options.front_matter
            else f"# {_literal(title)}\n\n"
        )
        return f"{head}{_broken(message.text)}{_picture(message)}"


class FileOfHtml(File):
    """As HTML: a whole page, right to left where the language is written so."""

    markup: ClassVar[Markup] = HTML

    def _text(self, post: Post) -> str:
        return page("file/page.html.j2", post.message, _title(post.message)).rstrip("\n")


class FileOfJson(File):
    """As JSON: the edition as data, as a webhook gets it."""

    markup: ClassVar[Markup] = PLAIN

    def _text(self, post: Post) -> str:
        message = post.message
        fields = ("title", "text", "language", "tone", "link", "part", "parts")
        said = {**message.data, "slot": post.slot, **{each: getattr(message, each) for each in fields}}
        said["image"] = message.image.plain if message.image else None
        return json.dumps(said, ensure_ascii=False, sort_keys=True, indent=2)


def _written(folder: Path, content: bytes) -> Path:
    """A new file on the disk, hidden from site builders."""
    with NamedTemporaryFile(dir=folder, prefix=".", suffix=".part", delete=False) as file:
        beside = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            beside.chmod(MODE)
        except OSError:
            beside.unlink()
            raise
    return beside


def _title(message: Message) -> str:
    title = on_one_line(message.title)
    return f"{title} ({message.part}/{message.parts})" if message.parts > 1 else title


def _front_matter(title: str, day: str, language: str) -> str:
    """A text in JSON's quotes is one in YAML too."""
    rows = {"title": title, "lang": language}
    told = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in rows.items())
    return f"---\n{told}date: {day}\n---"


def _broken(text: str) -> str:
    """Every line break stays one; in CommonMark two spaces say so."""
    return re.sub(r"(?<=\S)\n(?=\S)", "  \n", text)


def _picture(message: Message) -> str:
    image = message.image
    if image is None or not re.match(r"https?://", image.url):
        return ""
    credit = f"  \n{_literal(on_one_line(image.credit))}" if image.credit else ""
    return f"\n\n![{_literal(on_one_line(image.alt))}]({address(image.url)}){credit}"


def _day(post: Post) -> str:
    """The civil day that the post is for, out of the slot's name."""
    found = _DAY.match(post.slot) or _DAY.fullmatch(str(post.message.data.get("day")))
    return found[0] if found else f"{post.now:%Y-%m-%d}"


def _named(post: Post, day: str) -> str:
    """What {day} stands for. A post made by hand replaces that of its day; an event at its own hour, a day of a replay,
    and a test stand beside it."""
    _, _, run = post.slot.partition("/")
    if post.message.data.get("test"):
        return "test"
    return day if not run or run.startswith("hand-") else f"{day}-{_UNSAFE.sub('-', run).strip('-.')}"


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False
