"""Is a wrong post put right once: in place or beside it, whatever the platform and the process do meanwhile?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bot.channels import Channel, InDoubt, Refused, Scope, Throttled, Unavailable
from bot.delivery import corrections, reports
from bot.delivery.corrections import OVERTAKEN, Correction, Posting
from bot.delivery.ledger import Ledger
from bot.delivery.states import Delivery, State
from bot.errors import Mistake
from bot.rendering.message import Message
from tests.delivery.fakes import DAY, Editable, Findable, Killed, Plain, Platform, World, message, raises

WRONG, RIGHT = "66 hostages", "52 hostages"


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def posted(world: World, channel: Channel, *texts: str) -> None:
    """What was posted for the day, one text for each part."""
    parts = len(texts)
    world.compose.said = [replace(message(text), part=number, parts=parts) for number, text in enumerate(texts, start=1)]
    world.opened()
    asyncio.run(world.live(channel, parts))


def history(world: World) -> list[Delivery]:
    return [each.delivery for each in reports.history(world.ledger.database, DAY, "general")]


def postings(world: World) -> list[Posting]:
    told = history(world)
    return corrections.postings(told, reports.texts(world.ledger.database, told))


def posting(world: World) -> Posting:
    (found,) = postings(world)
    return found


def now_says(*texts: str) -> list[Message]:
    return [replace(message(text), part=number, parts=len(texts)) for number, text in enumerate(texts, start=1)]


def in_place(world: World, *texts: str) -> Correction:
    return corrections.in_place(posting(world), now_says(*texts))


def beside(world: World, *texts: str, errata: Sequence[str] = ()) -> Correction:
    """The correction by an erratum, of one post unless its parts are named."""
    after = now_says(*texts)
    told = now_says(*(errata or [f"Correction. {texts[0]}"]))
    return corrections.beside(posting(world), after, told, "the number was wrong")


def sent(world: World, channel: Channel, correction: Correction) -> list[Delivery]:
    """What the command does."""
    return [
        asyncio.run(world.courier.deliver(each, channel))
        for each in corrections.opened(world.ledger, correction, world.clock())
    ]


def test_an_edit_changes_the_post_and_the_ledger_keeps_both(world: World) -> None:
    posted(world, Editable(), WRONG)

    (done,) = sent(world, Editable(), in_place(world, RIGHT))

    original, correction = history(world)
    assert world.platform.revisions == {"1": [WRONG, RIGHT]}
    assert (done.state, done.receipt_id, done.run, done.corrects) == (State.DELIVERED, "1", "edit-1", original.id)
    assert (original.state, original.receipt_id, original.corrects) == (State.DELIVERED, "1", None)
    assert WRONG in world.ledger.text(original)
    assert correction == done
    assert [each.plain for each in posting(world).stands] == [RIGHT]


def test_the_same_correction_again_is_done_already(world: World) -> None:
    posted(world, Editable(), WRONG)
    sent(world, Editable(), in_place(world, RIGHT))

    again = in_place(world, RIGHT)

    assert again.unchanged
    assert sent(world, Editable(), again) == []
    assert world.platform.edits == 1


def test_a_text_may_be_corrected_back_and_forth(world: World) -> None:
    posted(world, Editable(), WRONG)

    for text in (RIGHT, WRONG, RIGHT):
        sent(world, Editable(), in_place(world, text))

    assert world.platform.revisions == {"1": [WRONG, RIGHT, WRONG, RIGHT]}
    assert [each.run for each in posting(world).corrections] == ["edit-1", "edit-2", "edit-3"]


def test_of_a_thread_only_the_posts_whose_words_changed_are_edited(world: World) -> None:
    posted(world, Editable(), "one", WRONG, "three")

    (done,) = sent(world, Editable(), in_place(world, "one", RIGHT, "three"))

    assert (done.part, done.state) == (2, State.DELIVERED)
    assert world.platform.revisions == {"1": ["one"], "2": [WRONG, RIGHT], "3": ["three"]}


def test_an_edit_of_a_later_part_waits_for_no_other(world: World) -> None:
    posted(world, Editable(), "one", WRONG)
    world.platform.before.append(raises(Unavailable("down")))
    sent(world, Editable(), in_place(world, "one", RIGHT))

    assert world.ledger.next_due() is not None
    asyncio.run(world.live(Editable(), 2))

    assert world.platform.revisions["2"] == [WRONG, RIGHT]


def test_a_thread_that_would_have_more_parts_is_not_edited(world: World) -> None:
    posted(world, Editable(), WRONG)

    with pytest.raises(Mistake, match=r"in one post, and would now take 2; --as-new"):
        in_place(world, "one", RIGHT)


def test_an_erratum_is_a_post_of_its_own_that_answers_the_first(world: World) -> None:
    posted(world, Plain(), WRONG)

    (done,) = sent(world, Plain(), beside(world, RIGHT))

    assert (done.state, done.run, done.receipt_id) == (State.DELIVERED, "erratum-1", "2")
    assert world.platform.revisions == {"1": [WRONG], "2": [f"Correction. {RIGHT}"]}
    assert world.platform.answers == {"1": "", "2": "1"}
    assert beside(world, RIGHT).unchanged
    assert not beside(world, "51 hostages").unchanged


def test_an_erratum_with_another_reason_for_the_same_text_is_done_already(world: World) -> None:
    posted(world, Plain(), WRONG)
    sent(world, Plain(), beside(world, RIGHT))

    again = corrections.beside(posting(world), now_says(RIGHT), now_says("Another reason"), "another reason")

    assert again.unchanged
    assert sent(world, Plain(), again) == []


def test_an_edit_whose_answer_is_lost_is_made_again(world: World) -> None:
    posted(world, Editable(), WRONG)
    world.platform.after.append(raises(InDoubt("no answer")))

    (done,) = sent(world, Editable(), in_place(world, RIGHT))
    assert done.state is State.IN_DOUBT
    asyncio.run(world.live(Editable(), 5))

    assert history(world)[-1].state is State.DELIVERED
    assert (world.platform.edits, world.platform.revisions) == (2, {"1": [WRONG, RIGHT]})


@pytest.mark.parametrize(("channel", "state"), [(Plain(), State.IN_DOUBT), (Findable(), State.DELIVERED)])
def test_an_erratum_whose_answer_is_lost_is_settled_as_a_post_is(world: World, channel: Channel, state: State) -> None:
    posted(world, channel, WRONG)
    world.platform.after.append(raises(InDoubt("no answer")))

    sent(world, channel, beside(world, RIGHT))
    asyncio.run(world.live(channel, 5))

    assert history(world)[-1].state is state
    assert len(world.platform.posts) == 2


def test_nothing_new_is_begun_while_a_correction_is_in_doubt(world: World) -> None:
    posted(world, Editable(), WRONG)
    world.platform.after.append(raises(InDoubt("no answer")))
    sent(world, Editable(), in_place(world, RIGHT))

    with pytest.raises(Mistake, match=r"correction 2 is in doubt.*thisday settle 2 delivered, or dead"):
        corrections.require_settled(posting(world))


@pytest.mark.parametrize(
    ("failure", "said"),
    [(InDoubt("no answer"), "delivery 1 is in doubt"), (Throttled("later"), "delivery 1 still waits to be posted")],
)
def test_a_post_that_may_not_be_there_is_not_corrected(world: World, failure: Exception, said: str) -> None:
    world.platform.after.append(raises(failure))
    asyncio.run(world.courier.deliver(world.opened(), Editable()))

    with pytest.raises(Mistake, match=said):
        corrections.require_settled(posting(world))


def test_what_was_never_posted_has_no_posting(world: World) -> None:
    world.platform.before.append(raises(Refused(Scope.MESSAGE, "no")))
    asyncio.run(world.courier.deliver(world.opened(), Editable()))

    assert postings(world) == []


def test_a_post_that_is_gone_is_told_and_an_erratum_can_be_posted(world: World) -> None:
    posted(world, Editable(), WRONG)
    world.platform.revisions.clear()

    (done,) = sent(world, Editable(), in_place(world, RIGHT))
    assert done.state is State.DEAD
    assert "the post is no longer there; thisday correct --as-new" in done.reason
    (new,) = sent(world, Editable(), beside(world, RIGHT))

    assert (new.state, new.run) == (State.DELIVERED, "erratum-2")
    assert [each.state for each in history(world)] == [State.DELIVERED, State.DEAD, State.DELIVERED]


def test_a_channel_that_can_no_longer_edit_says_so(world: World) -> None:
    posted(world, Editable(), WRONG)

    (done,) = sent(world, Plain(), in_place(world, RIGHT))

    assert (done.state, len(world.platform.posts)) == (State.DEAD, 1)
    assert "can no longer edit" in done.reason


def test_a_correction_that_was_refused_keeps_its_words_when_a_person_tries_it_again(world: World) -> None:
    posted(world, Editable(), WRONG)
    world.platform.before.append(raises(Refused(Scope.MESSAGE, "no")))
    (dead,) = sent(world, Editable(), in_place(world, RIGHT))
    world.ledger.retry(dead.id, world.clock())

    asyncio.run(world.live(Editable(), 1))

    assert world.platform.revisions == {"1": [WRONG, RIGHT]}


def test_a_correction_that_waits_goes_on_or_is_overtaken_by_a_newer_one(world: World) -> None:
    posted(world, Editable(), WRONG)
    world.platform.before.append(raises(Unavailable("down")))
    (waits,) = sent(world, Editable(), in_place(world, "60 hostages"))
    assert corrections.opened(world.ledger, in_place(world, "60 hostages"), world.clock()) == [waits]

    (newer,) = sent(world, Editable(), in_place(world, RIGHT))
    asyncio.run(world.live(Editable(), 5))

    assert newer.state is State.DELIVERED
    assert [each.reason for each in history(world) if each.state is State.SKIPPED] == [OVERTAKEN]
    assert world.platform.revisions == {"1": [WRONG, RIGHT]}


def test_a_correction_that_waits_is_given_up_when_the_old_words_are_right_again(world: World) -> None:
    posted(world, Editable(), WRONG)
    world.platform.before.append(raises(Unavailable("down")))
    sent(world, Editable(), in_place(world, RIGHT))

    assert sent(world, Editable(), in_place(world, WRONG)) == []
    asyncio.run(world.live(Editable(), 5))

    assert (world.platform.edits, history(world)[-1].state) == (0, State.SKIPPED)


def test_the_parts_of_an_erratum_follow_each_other(world: World) -> None:
    posted(world, Plain(), WRONG, "rest")
    correction = beside(world, RIGHT, "rest", errata=["Correction. 52", "and the rest"])

    opened = corrections.opened(world.ledger, correction, world.clock())
    assert [(each.part, each.corrects) for each in opened] == [(1, 1), (2, 1)]
    asyncio.run(world.live(Plain(), 2))

    assert world.platform.answers == {"1": "", "2": "1", "3": "1", "4": "3"}
    assert beside(world, RIGHT, "rest").unchanged


def test_of_an_erratum_that_stopped_half_way_the_first_part_is_not_posted_again(world: World) -> None:
    posted(world, Plain(), WRONG, "rest")
    errata = ["Correction. 52", "and the rest"]
    corrections.opened(world.ledger, beside(world, RIGHT, "rest", errata=errata), world.clock())
    world.platform.before.extend([None, raises(Refused(Scope.MESSAGE, "no"))])
    asyncio.run(world.live(Plain(), 2))

    with pytest.raises(Mistake, match=r"part 2 of the erratum is dead: no; thisday retry 4"):
        beside(world, RIGHT, "rest", errata=errata)
    world.ledger.retry(4, world.clock())
    asyncio.run(world.live(Plain(), 1))

    assert len(world.platform.posts) == 4


def test_two_posts_of_a_day_are_corrected_each_for_itself(world: World) -> None:
    posted(world, Editable(), WRONG)
    asyncio.run(world.courier.deliver(world.opened(run="hand-1"), Editable()))

    for each in postings(world):
        sent(world, Editable(), corrections.in_place(each, now_says(RIGHT)))

    assert world.platform.revisions == {"1": [WRONG, RIGHT], "2": [WRONG, RIGHT]}
    assert [each.run for each in history(world) if each.corrects] == ["edit-1", "edit-1-hand-1"]


def test_a_post_without_a_receipt_cannot_be_edited(world: World) -> None:
    world.platform.after.append(raises(InDoubt("no answer")))
    doubtful = asyncio.run(world.courier.deliver(world.opened(), Editable()))
    world.ledger.decide(doubtful.id, State.DELIVERED, "a person")

    assert not corrections.can_edit(Editable(), posting(world))
    assert not corrections.can_edit(Plain(), posting(world))


# Ends of the process

KILLS: dict[str, Callable[[World, Platform], None]] = {
    "before the claim": lambda world, _: world.http.unclaimed.append(raises(Killed())),
    "before it counts": lambda _, platform: platform.before.append(raises(Killed())),
    "after it counts": lambda _, platform: platform.after.append(raises(Killed())),
}


@pytest.mark.parametrize("moment", KILLS)
@pytest.mark.parametrize("repeats", [False, True])
def test_an_edit_survives_the_end_of_its_process(world: World, moment: str, *, repeats: bool) -> None:
    posted(world, Editable(), WRONG)
    KILLS[moment](world, world.platform)
    with pytest.raises(Killed):
        sent(world, Editable(), in_place(world, RIGHT))

    asyncio.run(world.live(Editable(), 8))
    if repeats:
        sent(world, Editable(), in_place(world, RIGHT))

    assert world.platform.revisions == {"1": [WRONG, RIGHT]}
    assert [each.state for each in history(world)] == [State.DELIVERED] * 2


@pytest.mark.parametrize("moment", KILLS)
@pytest.mark.parametrize("channel", [Plain(), Findable()])
def test_an_erratum_is_never_doubled_by_the_end_of_its_process(world: World, moment: str, channel: Channel) -> None:
    posted(world, channel, WRONG)
    KILLS[moment](world, world.platform)
    with pytest.raises(Killed):
        sent(world, channel, beside(world, RIGHT))

    asyncio.run(world.live(channel, 8))

    there = [text for _, text in world.platform.posts].count(f"Correction. {RIGHT}")
    held = history(world)[-1].state is State.IN_DOUBT
    assert there <= 1
    assert there == 1 or held
    assert not (held and isinstance(channel, Findable))
