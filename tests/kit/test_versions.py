"""What a process keeps of the database is as old as the version row says, and no older."""

from threading import Thread

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from shaodao.kit.versions import Versioned, bump, number_of, one_look


def looks(act) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return sum("people_version" in query["sql"] for query in queries)


def test_a_value_is_built_again_once_its_rows_have_changed(town):
    built = []
    kept = Versioned("a thing", lambda: built.append(1) or len(built))
    assert (kept.get(), kept.get()) == (1, 1)
    bump("a thing")
    assert (kept.get(), kept.get()) == (2, 2)


def test_a_transaction_looks_once(town):
    bump("a thing")
    assert looks(lambda: [number_of("a thing"), number_of("rules"), number_of("units")]) == 1


def test_a_page_outside_a_transaction_looks_once_and_the_next_page_again(town_committed):
    def page():
        with one_look():
            return [number_of("rules"), number_of("units"), number_of("rules")]

    assert looks(lambda: [number_of("rules"), number_of("units")]) == 2
    assert looks(page) == 1
    assert looks(lambda: (page(), page())) == 2


@transaction.atomic
def number_seen() -> int:
    return number_of("a thing")


def bump_elsewhere() -> None:
    try:
        bump("a thing")
    finally:
        connection.close()


def test_the_next_transaction_of_the_same_function_sees_what_another_process_changed(
    town_committed,
):
    first = number_seen()
    other = Thread(target=bump_elsewhere)
    other.start()
    other.join()
    assert number_seen() == first + 1
