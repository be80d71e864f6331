"""What is asked for at the same moment is done together, and one item spoils no other."""

from threading import Barrier, Event, Thread

import pytest

from shaodao.kit.gathering import Gathering


def in_threads(acts) -> None:
    threads = [Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_who_is_alone_waits_for_nobody():
    asked = []
    double = Gathering(lambda items: asked.append(list(items)) or [2 * n for n in items], most=9)
    assert [double.ask(n) for n in (1, 2, 3)] == [2, 4, 6]
    assert asked == [[1], [2], [3]]


def test_who_comes_during_a_batch_is_in_the_next_one_and_no_batch_is_too_large():
    began, may_end, batches, answers = Event(), Event(), [], {}

    def do_all(items):
        batches.append(list(items))
        if items == [0]:
            began.set()
            may_end.wait()
        return [10 * n for n in items]

    gathering = Gathering(do_all, most=3)

    def ask(n):
        answers[n] = gathering.ask(n)

    first = Thread(target=ask, args=[0])
    first.start()
    began.wait()
    others = [Thread(target=ask, args=[n]) for n in range(1, 8)]
    for thread in others:
        thread.start()
    while len(gathering._waiting) < 7:  # all of them have asked
        pass
    may_end.set()
    for thread in [first, *others]:
        thread.join()
    assert answers == {n: 10 * n for n in range(8)}
    assert [len(batch) for batch in batches] == [1, 3, 3, 1]
    assert sorted(n for batch in batches for n in batch) == list(range(8))


def test_an_item_that_cannot_be_done_is_raised_to_whoever_asked_for_it():
    def do_all(items):
        return [ValueError("three") if n == 3 else n for n in items]

    gathering = Gathering(do_all, most=9)
    assert gathering.ask(2) == 2
    with pytest.raises(ValueError, match="three"):
        gathering.ask(3)
    assert gathering.ask(4) == 4


def test_a_batch_that_fails_as_a_whole_is_done_one_by_one():
    together, outcomes = Barrier(6), {}

    def do_all(items):
        if 3 in items:
            raise RuntimeError("three")
        return list(items)

    gathering = Gathering(do_all, most=9)

    def ask(n):
        together.wait()
        try:
            outcomes[n] = gathering.ask(n)
        except RuntimeError as error:
            outcomes[n] = str(error)

    in_threads([lambda n=n: ask(n) for n in range(6)])
    assert outcomes == {0: 0, 1: 1, 2: 2, 3: "three", 4: 4, 5: 5}
