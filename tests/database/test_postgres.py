"""Does a server keep what it was given, whatever becomes of it, and does nobody read the password?"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from bot.database import DatabaseError, open_database
from bot.database.copying import KEYS, content
from bot.database.postgres import Postgres
from bot.delivery import reports
from bot.delivery.ledger import Ledger
from bot.delivery.states import NewDelivery, State
from bot.errors import BotError, Mistake
from tests.database.steps import ended, filled, names, put
from tests.delivery.fakes import DAY, NOON
from tests.postgres import PASSWORD, Cluster, running


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server for these tests alone: after a crash it looks at every file it has, so it had better have few."""
    yield from running()


def opened(cluster: Cluster) -> Postgres:
    engine = open_database(cluster.fresh())
    assert isinstance(engine, Postgres)
    return engine


def setting(database: Postgres, name: str) -> str:
    return str(database.fetch("SELECT current_setting(:name) AS it", {"name": name})[0]["it"])


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT])
def test_a_restart_loses_nothing_and_the_next_call_goes_on(cluster: Cluster, how: signal.Signals) -> None:
    with closing(opened(cluster)) as database:
        put(database, "before")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: put(database, f"{number}"), range(20)))

        cluster.stop(how)
        with pytest.raises(DatabaseError, match="cannot be reached; see that PostgreSQL runs"):
            put(database, "during")
        cluster.start()

        put(database, "after")
        assert len(names(database)) == 22


def test_a_restart_in_the_middle_of_a_transaction_undoes_it_and_is_told(cluster: Cluster) -> None:
    def cut_short(database: Postgres) -> None:
        with database.transaction() as tx:
            tx.execute("INSERT INTO fact (name, value, at) VALUES ('half', '', 0)")
            cluster.restart()
            tx.execute("INSERT INTO fact (name, value, at) VALUES ('other half', '', 0)")

    with closing(opened(cluster)) as database:
        with pytest.raises(DatabaseError, match=r"\. The next call tries again"):
            cut_short(database)

        assert names(database) == []


def test_claims_and_answers_through_crashes_of_the_server_are_kept_once_they_are_told(cluster: Cluster) -> None:
    """Couriers work while the server crashes three times; whatever a call has said must be true afterwards."""
    told: dict[int, int] = {}
    stop = threading.Event()
    with closing(opened(cluster)) as database:
        ledger = Ledger(database)
        ledger.open([NewDelivery(f"c{number:03}", DAY, NOON, NOON + timedelta(hours=6)) for number in range(400)], {})
        waiting = ledger.due(NOON, 400)

        def work(number: int) -> None:
            for delivery in waiting[number::4]:
                while not stop.is_set():
                    try:
                        fence = ledger.claim(delivery.id, delivery.fence, NOON)
                    except DatabaseError:
                        stop.wait(0.01)
                        continue
                    if fence is not None:
                        told[delivery.id] = fence
                    break

        with ThreadPoolExecutor(4) as pool:
            working = [pool.submit(work, number) for number in range(4)]
            for _ in range(3):
                cluster.restart()
            for each in working:
                each.result(60)

        found = reports.find(database, limit=400)
        assert {each.id for each in found if each.id in told and (each.state, each.fence) == (State.SENDING, 1)} == set(told)
        unsure = [each for each in found if each.id not in told]
        # At most one claim of each courier for each crash was committed without an answer.
        assert len(unsure) <= 12
        assert {each.state for each in unsure} <= {State.SENDING}


def test_the_hold_of_a_runner_is_taken_again_after_a_restart(cluster: Cluster) -> None:
    address = cluster.fresh()
    with closing(Postgres(address)) as first, closing(Postgres(address)) as second:
        with first.exclusive():
            cluster.restart()
            first.fetch("SELECT 1")

            with pytest.raises(BotError, match="another thisday runs on this database"):
                second.exclusive().__enter__()
        with ended(second.exclusive):
            second.fetch("SELECT 1")


def test_a_runner_whose_place_was_taken_while_the_server_was_away_stops_writing(cluster: Cluster) -> None:
    address = cluster.fresh()
    with closing(Postgres(address)) as first, closing(Postgres(address)) as second, first.exclusive():
        cluster.restart()
        with second.exclusive(), pytest.raises(BotError, match="another thisday runs on this database"):
            first.fetch("SELECT 1")


def test_many_may_share_a_database_but_not_with_one_that_has_it_alone(cluster: Cluster) -> None:
    address = cluster.fresh()
    refused = pytest.raises(BotError, match="another thisday runs on this database")
    with closing(Postgres(address)) as first, closing(Postgres(address)) as second:
        with first.shared(), second.shared(), closing(Postgres(address)) as third, refused:
            third.exclusive().__enter__()
        with ended(first.exclusive), pytest.raises(BotError, match="another thisday runs on this database"):
            second.shared().__enter__()


def test_two_schemas_of_one_server_have_a_runner_each(cluster: Cluster) -> None:
    with closing(opened(cluster)) as first, closing(opened(cluster)) as second, first.exclusive(), second.exclusive():
        assert names(first) == names(second) == []


def test_a_commit_is_on_the_disk_even_where_the_server_is_told_not_to_wait(cluster: Cluster) -> None:
    hasty = Postgres(cluster.fresh() + "%20-csynchronous_commit%3Doff")
    with closing(hasty):
        assert setting(hasty, "synchronous_commit") == "on"
        assert setting(hasty, "fsync") == "on"
        assert setting(hasty, "lock_timeout") == "10s"


def test_no_more_connections_are_open_than_were_allowed(cluster: Cluster) -> None:
    with closing(Postgres(cluster.fresh(), connections=2)) as database:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: database.fetch("SELECT pg_sleep(0.01)"), range(32)))

        own = database.fetch(
            "SELECT COUNT(*) AS number FROM pg_stat_activity WHERE application_name = current_setting('application_name')"
        )
        assert own == [{"number": 2}]


def test_two_transactions_in_each_others_way_are_told_and_not_tried_again(cluster: Cluster) -> None:
    with closing(opened(cluster)) as database:
        put(database, "a", "b")
        both = threading.Barrier(2)

        def touch(first: str, second: str) -> str:
            update = "UPDATE fact SET at = at + 1 WHERE name = :name"
            try:
                with database.transaction() as tx:
                    tx.execute(update, {"name": first})
                    both.wait(5)
                    tx.execute(update, {"name": second})
            except DatabaseError as error:
                return str(error)
            return ""

        with ThreadPoolExecutor(2) as pool:
            said = sorted(pool.map(touch, "ab", "ba"))

        assert said[0] == ""
        assert "had two transactions in each other's way, and this one was undone" in said[1]
        assert [row["at"] for row in database.fetch("SELECT at FROM fact")] == [1, 1]


def test_a_server_that_only_reads_is_told_with_advice(cluster: Cluster) -> None:
    address = cluster.fresh()
    open_database(address).close()

    with closing(Postgres(address + "%20-cdefault_transaction_read_only%3Don")) as reader:
        with pytest.raises(DatabaseError, match="is read-only"):
            put(reader, "x")
        assert names(reader) == []


def test_a_lock_that_lasts_is_told_with_advice(cluster: Cluster) -> None:
    address = cluster.fresh()
    hasty = Postgres(address + "%20-clock_timeout%3D50ms")
    hasty.migrate()
    with closing(hasty), psycopg.connect(address) as other:
        other.execute("LOCK TABLE fact")

        with pytest.raises(DatabaseError, match="was locked by another program"):
            put(hasty, "x")


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (("127.0.0.1", "127.0.0.1"), "does not let this user in; see the user and the password"),
        (("/postgres?", "/nowhere?"), r"is not there; make it: createdb --encoding=UTF8 NAME"),
    ],
)
def test_who_may_not_come_in_is_told_why_and_never_the_password(
    cluster: Cluster, wrong: tuple[str, str], advice: str
) -> None:
    address = cluster.fresh().replace(*wrong)
    if wrong[0] == wrong[1]:
        address = address.replace(PASSWORD, "fake-wrong-password")

    with pytest.raises(DatabaseError, match=advice) as refused:
        open_database(address)

    assert "postgresql://thisday@127.0.0.1:" in str(refused.value)
    assert "fake-" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://thisday:fake-secret@127.0.0.1:port/x",
        "postgres://thisday:fake-secret@127.0.0.1/x?fake-secret",
        "postgresql://thisday:fake-secret%zz@127.0.0.1/x",
    ],
)
def test_an_address_that_cannot_be_read_is_told_without_its_password(address: str) -> None:
    with pytest.raises(BotError) as refused:
        open_database(address)

    assert "fake-secret" not in str(refused.value)
    assert refused.value.__context__ is None or "fake-secret" not in str(refused.value.__cause__)


def test_the_name_for_people_holds_no_password(cluster: Cluster) -> None:
    for address in ("postgresql+psycopg://ann:fake-secret@db.example:6543/news", "postgres:///news?password=fake-secret"):
        assert "fake-secret" not in Postgres(address.replace("+psycopg", "")).place

    assert Postgres("postgresql://ann:fake-secret@db.example:6543/news").place == "postgresql://ann@db.example:6543/news"


def test_a_text_with_a_nul_is_kept_with_a_mark_in_its_place(cluster: Cluster) -> None:
    with closing(opened(cluster)) as database:
        put(database, "a\x00b")

        assert names(database) == ["a\ufffdb"]


def test_the_clock_is_that_of_the_server(cluster: Cluster) -> None:
    with closing(opened(cluster)) as database:
        before = datetime.now(UTC)
        there = database.clock()

        assert before - timedelta(seconds=1) < there < datetime.now(UTC) + timedelta(seconds=1)


def test_a_backup_is_left_to_the_program_of_the_server(cluster: Cluster) -> None:
    with closing(opened(cluster)) as database, pytest.raises(Mistake) as advised:
        database.back_up(Path("my copy.dump"))

    said = str(advised.value)
    assert (
        f"run: pg_dump --format=custom --file='my copy.dump' postgresql://thisday@127.0.0.1:{cluster.port}/postgres" in said
    )


def test_everything_is_there_after_a_crash(cluster: Cluster) -> None:
    with closing(filled(opened(cluster))) as database:
        before = {table: content(database, table) for table in KEYS}

        cluster.restart(signal.SIGQUIT)

        assert {table: content(database, table) for table in KEYS} == before
