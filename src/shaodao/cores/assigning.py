"""Who looks after which list: one exact assignment by distance, posts, load and wishes.

Each list gets one worker, a worker at most as many lists as he may have, at the least total price.
The price is in metres: the way from home to the list, and what a post held, a household
already looked after and a broken wish are worth. Method: scipy's linear assignment (Jonker and
Volgenant), exact; a worker who may have two lists stands twice, the second at the price of a fuller
load. Cost grows with the cube of the number of lists at worst: 2,000 x 2,000 take about a second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Prices:
    """What things are worth, in metres of way from home; defaults for a county to change."""

    post: float = 300.0  # a post already held
    household: float = 20.0  # a household already looked after
    wish: float = 1_000.0  # all households of a list wish to keep this worker


@dataclass(frozen=True, slots=True)
class Assignment:
    """The worker of each list (-1: none), who got none, and the price of all."""

    worker_of: Ints
    without_worker: Ints  # lists
    without_list: Ints  # workers
    price: float


def price_table(
    homes: ArrayLike,
    lists: ArrayLike,
    *,
    posts: ArrayLike | None = None,
    load: ArrayLike | None = None,
    wishes: ArrayLike | None = None,
    prices: Prices | None = None,
) -> Floats:
    """Return the price of each worker (rows) for each list (columns), in metres.

    homes, lists: (x, y) in metres. posts: held by each worker already. load: households each looks
    after already. wishes: share (0..1) of each list's households that wish to keep each worker,
    workers x lists.
    """
    worth = prices or Prices()
    at, to = np.asarray(homes, float).reshape(-1, 2), np.asarray(lists, float).reshape(-1, 2)
    table = np.hypot(at[:, None, 0] - to[None, :, 0], at[:, None, 1] - to[None, :, 1])
    if posts is not None:
        table += worth.post * np.asarray(posts, float)[:, None]
    if load is not None:
        table += worth.household * np.asarray(load, float)[:, None]
    if wishes is not None:
        table -= worth.wish * np.asarray(wishes, float)
    return np.asarray(table)


def assign(
    table: ArrayLike,
    *,
    most: ArrayLike | int = 1,
    allowed: ArrayLike | None = None,
    further: float = 400.0,
) -> Assignment:
    """Return the cheapest assignment that fills as many lists as can be filled.

    table: workers x lists. most: lists a worker may have. allowed: False where a worker may not
    have a list. further: price of each list beyond a worker's first, times how many he has.
    :raises ValueError: if a price is not a number.
    """
    price = np.atleast_2d(np.asarray(table, float))
    n_workers, n_lists = price.shape
    if not np.isfinite(price).all():
        raise ValueError("prices must be finite")
    may = np.ones(price.shape, bool) if allowed is None else np.asarray(allowed, bool)
    times = np.broadcast_to(np.asarray(most, np.int64), (n_workers,))
    seats = np.repeat(np.arange(n_workers), times)
    rank = np.arange(len(seats)) - np.repeat(np.cumsum(times) - times, times)
    worker_of = np.full(n_lists, -1, np.int64)
    total = 0.0
    if len(seats) and n_lists:
        wide = price[seats] + further * rank[:, None]
        # Dearer than any chain of exchanges could save: what may not be comes last.
        never = 4.0 * (float(wide.max() - wide.min()) + 1.0) * (min(len(seats), n_lists) + 1)
        rows, columns = linear_sum_assignment(np.where(may[seats], wide, wide.max() + never))
        good = may[seats[rows], columns]
        worker_of[columns[good]] = seats[rows[good]]
        total = float(wide[rows[good], columns[good]].sum())
    return Assignment(
        worker_of=worker_of,
        without_worker=np.flatnonzero(worker_of < 0),
        without_list=np.setdiff1d(np.arange(n_workers), worker_of),
        price=total,
    )
