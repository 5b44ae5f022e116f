"""Templates: strict, sandboxed, bounded, and found in the right folder."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Problems
from bot.rendering.markup import PLAIN, Markup
from bot.rendering.phrases import phrases
from bot.rendering.templates import Raw, Templates
from tests.builders import folder_of


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


HTML = Markup(
    "html", _escaped, lambda text: f"<b>{text}</b>", lambda url, label: f'<a href="{_escaped(url)}">{_escaped(label)}</a>'
)


def render(root: Path, text: str, markup: Markup = PLAIN, **names: Any) -> str:
    folder_of(root, {"page.j2": text})
    return Templates([root], "demo", markup).render("page.j2", names)


SEE = "see the page on templates"


def wrong(root: Path, text: str, **names: Any) -> str:
    with pytest.raises(Problems) as refused:
        render(root, text, **names)
    (found,) = refused.value.problems
    return str(found).replace(f"{root}/", "").replace("; the names a template may use are in the page on templates", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n\n{{ day }}\n{{ month }}", "page.j2:4:1: template: 'month' is undefined"),
        ("{{ day.nothing }}", "page.j2:1:1: template: 'int object' has no attribute 'nothing'"),
        ("a\n{% if month %}x{% endif %}", "page.j2:2:1: template: 'month' is undefined"),
        ("{{ day | nothing }}", "page.j2:1:1: template: No filter named 'nothing'.; see the page on templates"),
        ("a\nb\n{% for %}", f"page.j2:3:1: template: Expected an expression, got 'end of statement block'; {SEE}"),
        ("{{ day", f"page.j2:1:1: template: unexpected end of template, expected 'end of print statement'.; {SEE}"),
        ("a\n{{ day / 0 }}", "page.j2:2:1: template: division by zero"),
        ("{{ 'x' | day_month }}", "page.j2:1:1: template: 'str' object has no attribute 'tzinfo'"),
        ("{{ day + 'x' }}", "page.j2:1:1: template: unsupported operand type(s) for +: 'int' and 'str'"),
        ("a\n{% include 'missing.j2' %}", "page.j2:2:1: there is no template 'missing.j2'; check its name"),
    ],
)  # fmt: skip
def test_a_faulty_template_has_its_file_and_line(tmp_path: Path, text: str, expected: str) -> None:
    assert wrong(tmp_path, text, day=4) == expected


def test_a_fault_in_an_included_template_has_the_place_of_that_one(tmp_path: Path) -> None:
    folder_of(tmp_path, {"inner.j2": "a\nb\n{{ missing }}"})
    assert wrong(tmp_path, "{% include 'inner.j2' %}") == "inner.j2:3:1: template: 'missing' is undefined"


def test_a_template_that_does_not_exist_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problems, match=r"^missing\.j2: there is no template 'missing\.j2'; check its name$"):
        Templates([tmp_path], "demo", PLAIN).render("missing.j2", {})


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}", "{{ day.__class__.__mro__ }}", "{{ cycler.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format(day) }}",
        "{{ '%s' | attr('__class__') }}", "{{ day['__class__'] }}", "{{ names.append(1) }}", "{{ names.clear() }}",
        "{{ self.__init__ }}", "{{ range.__self__ }}", "{{ lipsum() }}", "{{ [].__class__ }}",
        "{{ (day | attr('__class__')).mro() }}", "{{ names | map(attribute='__class__') | first }}",
    ],
)  # fmt: skip
def test_a_template_reaches_nothing_but_its_names(tmp_path: Path, text: str) -> None:
    assert wrong(tmp_path, text, day="4", names=["a"]).startswith("page.j2:1:1: template: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "its loops do not end"),
        ("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", "its loops do not end"),
        (
            "{% for a in range(1000000) %}{% endfor %}",
            "Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).",
        ),
        ("{{ 'x' * 999999999 }}", "* is for numbers"),
        ("{{ 10 ** 10 ** 10 }}", "there are no powers"),
    ],
)
def test_a_template_that_would_not_end_is_stopped(tmp_path: Path, text: str, expected: str) -> None:
    start = time.perf_counter()
    assert wrong(tmp_path, text).startswith(f"page.j2:1:1: template: {expected}")
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("text", ["{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{% include 'page.j2' %}"])
def test_a_template_that_calls_itself_is_stopped(tmp_path: Path, text: str) -> None:
    """In a thread of its own: where the recursion limit is met, the measuring of coverage ends for that thread."""
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(wrong, tmp_path, text).result()
    assert found.startswith("page.j2:1:1: template: maximum recursion depth exceeded")


def test_a_template_that_puts_out_too_much_is_stopped(tmp_path: Path) -> None:
    found = wrong(tmp_path, "{% for a in range(9999) %}{{ names }}{% endfor %}", names="x" * 100)
    assert found == "page.j2: template: its output does not end; look at its loops"


def test_loops_are_counted_anew_for_each_rendering(tmp_path: Path) -> None:
    folder_of(tmp_path, {"page.j2": "{% for a in range(60000) %}{% endfor %}ok"})
    templates = Templates([tmp_path], "demo", PLAIN)
    assert [templates.render("page.j2", {}) for _ in range(2)] == ["ok", "ok"]


def test_a_template_may_multiply_numbers(tmp_path: Path) -> None:
    assert render(tmp_path, "{{ 3 * 4 }} {{ 2.5 * 2 }}") == "12 5.0"


def shelves(root: Path, *files: str) -> Templates:
    """The template `page.j2` in some of four places, each saying where it stands."""
    folder_of(root, {"yours/none": "", "shipped/none": "", **{name: name.removesuffix("/page.j2") for name in files}})
    return Templates([root / "yours", root / "shipped"], "demo", PLAIN)


ALL = ("yours/demo/page.j2", "yours/page.j2", "shipped/demo/page.j2", "shipped/page.j2")


@pytest.mark.parametrize("first", range(4))
def test_a_template_is_looked_for_in_yours_before_shipped_and_by_kind_before_any(tmp_path: Path, first: int) -> None:
    assert shelves(tmp_path, *ALL[first:]).render("page.j2", {}) == ALL[first].removesuffix("/page.j2")


def test_the_template_of_another_kind_is_not_taken(tmp_path: Path) -> None:
    assert shelves(tmp_path, "yours/other/page.j2", "shipped/page.j2").render("page.j2", {}) == "shipped"


def test_a_template_of_a_kind_extends_the_one_for_any_kind(tmp_path: Path) -> None:
    folder_of(
        tmp_path,
        {
            "page.j2": "{% block a %}A{% endblock %}{% block b %}B{% endblock %}",
            "demo/page.j2": "{% extends 'any/page.j2' %}{% block b %}own{% endblock %}",
        },
    )
    assert Templates([tmp_path], "demo", PLAIN).render("page.j2", {}) == "Aown"


TRICKY = "<b>&amp; {{ day }} _x_ *y*"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ x }}", "&lt;b&gt;&amp;amp; {{ day }} _x_ *y*"),
        ("{{ x | upper }}", "&lt;B&gt;&amp;AMP; {{ DAY }} _X_ *Y*"),
        ("{{ x | safe }}", "&lt;b&gt;&amp;amp; {{ day }} _x_ *y*"),
        ("{{ x | e }}", "&amp;lt;b&amp;gt;&amp;amp;amp; {{ day }} _x_ *y*"),
        ("{{ [x] | first }}", "&lt;b&gt;&amp;amp; {{ day }} _x_ *y*"),
        ("{{ '<' ~ '&' }}", "&lt;&amp;"),
        ("{{ '<' }}", "&lt;"),
        ("{{ ('<' | strong) ~ '&' }}", "&lt;b&gt;&amp;lt;&lt;/b&gt;&amp;"),
        ("{{ none }}{{ 5 }}{{ true }}", "5True"),
        ("<i>literal &</i>", "<i>literal &</i>"),
        ("{{ '<' | strong }}", "<b>&lt;</b>"),
        ("{{ 'a<' | link('https://x.example/?a&b') }}", '<a href="https://x.example/?a&amp;b">a&lt;</a>'),
        ("{{ 'a<' | link('') }}", "a&lt;"),
        ("{% set y %}{{ '<' | strong }}{% endset %}{{ y }}", "<b>&lt;</b>"),
        ("{% macro m(y) %}{{ y | strong }}{% endmacro %}{{ m('<') }}", "<b>&lt;</b>"),
        ("{% macro m() %}<i>{{ caller() }}</i>{% endmacro %}{% call m() %}{{ '<' }}{% endcall %}", "<i>&lt;</i>"),
        ("{% filter upper %}a{{ '<' }}{% endfilter %}", "A&LT;"),
    ],
)
def test_everything_a_template_prints_is_escaped_once_but_for_markup(tmp_path: Path, text: str, expected: str) -> None:
    assert render(tmp_path, text, HTML, x=TRICKY) == expected


def test_the_block_of_a_parent_is_not_escaped_again(tmp_path: Path) -> None:
    folder_of(tmp_path, {"base.j2": "{% block a %}{{ x | strong }}{% endblock %}"})
    text = "{% extends 'base.j2' %}{% block a %}[{{ super() }}]{% endblock %}"
    assert render(tmp_path, text, HTML, x="<") == "[<b>&lt;</b>]"


def test_an_imported_macro_may_have_loops(tmp_path: Path) -> None:
    folder_of(tmp_path, {"macros.j2": "{% macro m(all) %}{% for x in all %}{{ x | strong }}{% endfor %}{% endmacro %}"})
    assert render(tmp_path, "{% from 'macros.j2' import m %}{{ m(['a', '<']) }}", HTML) == "<b>a</b><b>&lt;</b>"


@given(st.text())
def test_no_text_gets_its_markup_through(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    found = render(tmp_path_factory.getbasetemp(), "{{ x }}|{{ x | strong }}", HTML, x=text)
    assert found.replace("<b>", "").replace("</b>", "").count("<") == 0


def test_what_is_raw_is_printed_as_it_is(tmp_path: Path) -> None:
    assert render(tmp_path, "{{ x }}", HTML, x=Raw("<b>")) == "<b>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n\n  a  \n\n\n\nb\n\n", "a\n\nb"), ("a\n \n \nb", "a\n\nb"), ("{% if true %}\na\n{% endif %}\nb", "a\nb"),
        ("\n \n", ""),
    ],
)  # fmt: skip
def test_the_text_is_trimmed_and_has_no_two_empty_lines(tmp_path: Path, text: str, expected: str) -> None:
    assert render(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ day | day_month }}", "4 November"), ("{{ day | full_date('de') }}", "4. November 1979"),
        ("{{ day | weekday }}", "Sunday"), ("{{ 16457 | number }}", "16,457"), ("{{ 2 | ordinal }}", "2nd"),
        ("{{ 47 | years_ago }}", "47 years ago"), ("{{ 444 | persian_digits }}", "۴۴۴"),
        ("{{ day | persian_date }}", "۱۳ آبان ۱۳۵۸"), ("{{ 'a' | link('https://x.example') }}", "a: https://x.example"),
    ],
)  # fmt: skip
def test_a_template_has_words_for_days_and_numbers(tmp_path: Path, text: str, expected: str) -> None:
    assert render(tmp_path, text, day=date(1979, 11, 4)) == expected


def test_a_template_of_yours_extends_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "yours").mkdir()
    (tmp_path / "shipped").mkdir()
    (tmp_path / "yours" / "a.j2").write_text(
        '{% extends "shipped/a.j2" %}{% block more %}yours{% endblock %}', encoding="utf-8"
    )
    (tmp_path / "shipped" / "a.j2").write_text("shipped and {% block more %}{% endblock %}", encoding="utf-8")

    templates = Templates([tmp_path / "yours", tmp_path / "shipped"], "console", PLAIN)

    assert templates.render("a.j2", {}) == "shipped and yours"


def said(root: Path, template: str, language: str = "en", **names: object) -> str:
    folder_of(root, {"page.j2": template})
    return Templates([root], "demo", PLAIN, phrases(language)).render("page.j2", names)


@pytest.mark.parametrize(
    ("template", "language", "expected"),
    [
        ("{{ 2 | years_ago }}", "de", "vor 2 Jahren"),
        ("{{ day | day_month }}", "fa", "۴ نوامبر"),
        ("{{ day | day_month('fr') }}", "fa", "4 novembre"),
        ("{{ day | full_date(language='es') }}", "en", "4 de noviembre de 1979"),
        ("{{ 1979 | digits }}, {{ 16457 | number }}", "fa", "۱۹۷۹, ۱۶٬۴۵۷"),
        ("{{ 'more' | word }} {{ 'day_number' | word(n=20) }}", "es", "Más Día 20"),
        ("{{ 3 | ordinal }}", "fr", "3e"),
        ("{{ 'BBC (London)' | isolate | strong }}", "fa", "\u2068BBC (London)\u2069"),
        ("{{ 'BBC (London)' | isolate }}", "de", "BBC (London)"),
    ],
)
def test_a_template_speaks_the_language_of_its_channel(tmp_path: Path, template: str, language: str, expected: str) -> None:
    assert said(tmp_path, template, language, day=date(1979, 11, 4)) == expected


def test_a_word_that_is_not_there_is_a_mistake_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(Problems) as found:
        said(tmp_path, "a\n{% if true %}{{ 'moer' | word }}{% endif %}")
    assert str(found.value.problems[0]).startswith(
        f"{tmp_path}/page.j2:2:1: template: there are no words for 'moer'; did you"
    )
