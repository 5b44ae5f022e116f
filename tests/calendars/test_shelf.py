"""The shelf: where a calendar stands, and a cache that is never stale and never in the way."""

from __future__ import annotations

import gc
import multiprocessing
from pathlib import Path

import pytest

from bot.calendars import shelf
from bot.calendars.almanac import Almanac
from bot.calendars.shelf import Shelf, shipped_folders
from bot.errors import Mistake, Problems
from tests.builders import folder_of

ONE = "calendar: one\ntitle: One\nevents:\n  - {key: a, title: A, date: 1979-11-04}\n"
TWO = ONE.replace("title: One", "title: Two")


def kept(cache: Path) -> list[Path]:
    return sorted(cache.iterdir()) if cache.is_dir() else []


def test_a_calendar_is_a_file(tmp_path: Path) -> None:
    assert Shelf((folder_of(tmp_path, {"one.yaml": ONE}),)).calendar("one").title == "One"


def test_a_calendar_is_a_folder_with_a_head(tmp_path: Path) -> None:
    folder_of(
        tmp_path, {"one/calendar.yaml": "calendar: one\ntitle: One\n", "one/a.yaml": "events: []\n", "one/note.txt": "-"}
    )
    assert Shelf((tmp_path,)).calendar("one").title == "One"


def test_the_files_of_a_folder_are_read_by_name_after_the_head(tmp_path: Path) -> None:
    files = {f"one/{name}.yaml": f"events:\n  - {{key: {name}, title: T, easter: 0}}\n" for name in ("b", "a", "z")}
    folder_of(tmp_path, {"one/calendar.yaml": "calendar: one\ntitle: One\n", **files})
    assert [each.key for each in Shelf((tmp_path,)).calendar("one").events] == ["a", "b", "z"]


def test_the_first_folder_wins(tmp_path: Path) -> None:
    folder_of(tmp_path, {"mine/one.yaml": TWO, "shipped/one.yaml": ONE})
    assert Shelf((tmp_path / "mine", tmp_path / "shipped")).calendar("one").title == "Two"


def test_a_calendar_is_called_by_a_path_below_a_folder(tmp_path: Path) -> None:
    assert Shelf((folder_of(tmp_path, {"sub/one.yaml": ONE}),)).calendar("sub/one.yaml").title == "One"


def test_a_calendar_is_called_by_a_path_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder_of(tmp_path, {"here.yaml": ONE}))
    assert Shelf(()).calendar("here.yaml").title == "One"


def test_a_calendar_is_called_by_the_path_of_its_folder(tmp_path: Path) -> None:
    folder_of(tmp_path, {"one/calendar.yaml": "calendar: one\ntitle: One\n"})
    assert Shelf(()).calendar(f"{tmp_path}/one").title == "One"


def test_an_unknown_calendar_is_a_mistake_that_names_the_known_ones(tmp_path: Path) -> None:
    known = Shelf((folder_of(tmp_path, {"one.yaml": ONE, "two.yaml": TWO}), tmp_path / "missing"))
    with pytest.raises(Mistake, match="there is no calendar 'three'; known are one, two; or give the path of a file"):
        known.calendar("three")


def test_an_unknown_path_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"there is no calendar file 'three\.yaml'; check the path"):
        Shelf((tmp_path,)).calendar("three.yaml")


def test_the_texts_of_a_calendar_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder_of(tmp_path, {"one/calendar.yaml": ONE, "one/a.yaml": "events: []\n"}))
    found = Shelf((tmp_path,)).texts("one")
    assert [(each.source, each.text) for each in found] == [("one/calendar.yaml", ONE), ("one/a.yaml", "events: []\n")]


@pytest.mark.parametrize("before", [True, False])
def test_reading_leaves_the_collecting_of_garbage_as_it_was(tmp_path: Path, before: bool) -> None:  # noqa: FBT001  # a state
    (gc.enable if before else gc.disable)()
    try:
        Shelf((folder_of(tmp_path, {"one.yaml": ONE}),)).calendar("one")
        assert gc.isenabled() is before
    finally:
        gc.enable()


def test_only_calendars_have_names(tmp_path: Path) -> None:
    folder_of(tmp_path, {"a.yaml": ONE, "b/calendar.yaml": ONE, "c/other.yaml": ONE, "d.txt": "-"})
    assert Shelf((tmp_path,)).names() == ["a", "b"]


def test_the_shipped_calendars_have_names() -> None:
    assert {"iran-hostage-crisis", "harbor-museum"} <= set(Shelf(shipped_folders()).names())


def test_a_file_that_is_not_utf_8_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_bytes("title: Zürich".encode("latin-1"))
    with pytest.raises(Mistake, match=r"one\.yaml: not UTF-8 at byte 8; save the file as UTF-8"):
        Shelf((tmp_path,)).calendar("one")


def test_a_problem_names_the_file_as_seen_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder_of(tmp_path, {"mine/one.yaml": "calendar: one\ntitel: One\n"}))
    with pytest.raises(Problems, match=r"^mine/one\.yaml:1:1: 'title' is missing"):
        Shelf((tmp_path / "mine",)).calendar("one")


def test_what_was_read_is_kept(tmp_path: Path) -> None:
    Shelf((folder_of(tmp_path, {"one.yaml": ONE}),), tmp_path / "cache").calendar("one")
    assert len(kept(tmp_path / "cache")) == 1


def test_what_is_kept_is_not_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Shelf((folder_of(tmp_path, {"one.yaml": ONE}),), tmp_path / "cache")
    folder.calendar("one")
    monkeypatch.setattr(shelf, "_loaded", None)  # would be called to parse
    assert folder.calendar("one").title == "One"


@pytest.mark.parametrize("before", [ONE, TWO])
def test_an_edit_of_one_byte_is_seen_at_once(tmp_path: Path, before: str) -> None:
    folder = Shelf((folder_of(tmp_path, {"one.yaml": before}),), tmp_path / "cache")
    folder.calendar("one")
    folder_of(tmp_path, {"one.yaml": before.replace("1979-11-04", "1979-11-05")})
    assert [str(each.began) for each in folder.calendar("one").events] == ["1979-11-05"]


def test_an_edit_that_is_taken_back_is_seen_at_once(tmp_path: Path) -> None:
    folder = Shelf((tmp_path,), tmp_path / "cache")
    titles = []
    for text in (ONE, TWO, ONE):
        folder_of(tmp_path, {"one.yaml": text})
        titles.append(folder.calendar("one").title)
    assert titles == ["One", "Two", "One"]


def test_a_file_added_to_a_folder_is_seen_at_once(tmp_path: Path) -> None:
    folder_of(tmp_path, {"one/calendar.yaml": "calendar: one\ntitle: One\n"})
    folder = Shelf((tmp_path,), tmp_path / "cache")
    folder.calendar("one")
    folder_of(tmp_path, {"one/a.yaml": "events:\n  - {key: a, title: A, easter: 0}\n"})
    assert len(folder.calendar("one").events) == 1


def test_calendars_of_the_same_name_in_two_places_do_not_mix(tmp_path: Path) -> None:
    folder_of(tmp_path, {"a/one.yaml": ONE, "b/one.yaml": TWO})
    titles = [Shelf((tmp_path / name,), tmp_path / "cache").calendar("one").title for name in ("a", "b", "a")]
    assert titles == ["One", "Two", "One"]


@pytest.mark.parametrize("damage", [b"", b"\x00" * 200, b"{}", b"not ours\n"])
def test_a_damaged_file_in_the_cache_is_read_anew(tmp_path: Path, damage: bytes) -> None:
    folder = Shelf((folder_of(tmp_path, {"one.yaml": ONE}),), tmp_path / "cache")
    folder.calendar("one")
    kept(tmp_path / "cache")[0].write_bytes(damage)
    assert folder.calendar("one").title == "One"


def test_a_damaged_file_in_the_cache_is_replaced(tmp_path: Path) -> None:
    folder = Shelf((folder_of(tmp_path, {"one.yaml": ONE}),), tmp_path / "cache")
    folder.calendar("one")
    (file,) = kept(tmp_path / "cache")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    folder.calendar("one")
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_a_folder_is_no_error(tmp_path: Path) -> None:
    folder_of(tmp_path, {"one.yaml": ONE, "cache": "a file"})
    assert Shelf((tmp_path,), tmp_path / "cache").calendar("one").title == "One"


def test_a_cache_file_that_cannot_be_replaced_is_no_error(tmp_path: Path) -> None:
    folder = Shelf((folder_of(tmp_path, {"one.yaml": ONE}),), tmp_path / "cache")
    folder.calendar("one")
    (file,) = kept(tmp_path / "cache")
    file.unlink()
    folder_of(file, {"in the way": "-"})
    assert folder.calendar("one").title == "One"
    assert kept(tmp_path / "cache") == [file]


def _read_many(root: str, title: str) -> None:
    """Reads the same calendar again and again, editing it in between, so that each reading compiles and writes."""
    for number in range(60):
        (Path(root) / title / "one.yaml").write_text(f"{ONE}# {title} {number}\n", encoding="utf-8")
        place = Path(root) / title / "one.yaml"
        found = shelf.read(place, Path(root) / "cache")
        shared = shelf.read(Path(root) / "shared.yaml", Path(root) / "cache")
        kept(Path(root) / "cache")[0].unlink(missing_ok=True)
        assert [found.title, shared.title] == ["One", "Two"]


def test_two_processes_may_write_the_cache_at_once(tmp_path: Path) -> None:
    folder_of(tmp_path, {"a/one.yaml": ONE, "b/one.yaml": ONE, "shared.yaml": TWO})
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=_read_many, args=(str(tmp_path), name)) for name in ("a", "b")]
    for each in both:
        each.start()
    for each in both:
        each.join(60)
    assert [each.exitcode for each in both] == [0, 0]


def test_a_calendar_from_the_cache_answers(tmp_path: Path) -> None:
    folder = Shelf(shipped_folders(), tmp_path / "cache")
    first, second = (Almanac([folder.calendar("iran-hostage-crisis")]) for _ in range(2))
    assert first.calendars["iran-hostage-crisis"].title == second.calendars["iran-hostage-crisis"].title
