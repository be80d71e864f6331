# Long functions with many arguments, without types: what the compiler inlines and infers.
# ruff: noqa: C901, PLR0913
# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code=assignment
"""Mending sizes by the fewest changes of hands: shortest chains from list to list, compiled.

A chain takes a household out of a list, into the next, where another leaves for the one after it.
Arrays are as in `kernels`. `home`: the list a household is in now, -1 for none, -2 - list for
pinned there.
"""

import numpy as np

from .kernels import CAP, _state, _unit, compiled

LONGEST = 14  # moves in a chain
BRANCH = 14  # households that move at once at most: one, and who would be cut off


@compiled
def place_new(start, near, xs, ys, lot, k):
    """Put each household without a list in the nearest list beside it; return how many found none.

    Nearest goes first; no list grows beyond CAP.
    """
    n = len(xs)
    size = np.zeros(k, np.int64)
    sx = np.zeros(k)
    sy = np.zeros(k)
    waiting = 0
    for v in range(n):
        a = lot[v]
        if a < 0:
            waiting += 1
        else:
            size[a] += 1
            sx[a] += xs[v]
            sy[a] += ys[v]
    while waiting > 0:
        best = np.inf
        who = -1
        where = -1
        for v in range(n):
            if lot[v] >= 0:
                continue
            for e in range(start[v], start[v + 1]):
                a = lot[near[e]]
                if a < 0 or size[a] >= CAP - 1:
                    continue
                dx = xs[v] - sx[a] / size[a]
                dy = ys[v] - sy[a] / size[a]
                if dx * dx + dy * dy < best:
                    best = dx * dx + dy * dy
                    who = v
                    where = a
        if who < 0:
            return waiting
        lot[who] = where
        size[where] += 1
        sx[where] += xs[who]
        sy[where] += ys[who]
        waiting -= 1
    return 0


@compiled
def _branches(start, near, lot, home, a, branch, weight, mark, stamp, queue):
    """Note with whom each of list a on its border may leave so that the rest hangs together.

    branch[v, :weight[v]]: v, and who is cut off without v. weight[v] 0: too many, or somebody is
    pinned. Return the stamp used last.
    """
    for v in range(len(lot)):
        if lot[v] != a:
            continue
        weight[v] = 0
        inner = True
        for e in range(start[v], start[v + 1]):
            if lot[near[e]] != a:
                inner = False
                break
        if inner or home[v] <= -2:
            continue
        stamp += 1
        mark[v] = stamp
        tail = 0
        left = 0
        right = 0  # the largest piece is queue[left:right]
        for e in range(start[v], start[v + 1]):
            u = near[e]
            if lot[u] != a or mark[u] == stamp:
                continue
            begin = tail
            head = tail
            queue[tail] = u
            tail += 1
            mark[u] = stamp
            while head < tail:
                w = queue[head]
                head += 1
                for f in range(start[w], start[w + 1]):
                    z = near[f]
                    if lot[z] == a and mark[z] != stamp:
                        mark[z] = stamp
                        queue[tail] = z
                        tail += 1
            if tail - begin > right - left:
                left = begin
                right = tail
        if right == 0 or tail - (right - left) + 1 > BRANCH:
            continue
        branch[v, 0] = v
        count = 1
        for q in range(tail):
            if left <= q < right:
                continue
            if home[queue[q]] <= -2:
                count = 0
                break
            branch[v, count] = queue[q]
            count += 1
        weight[v] = count
    return stamp


@compiled
def _reaches(start, near, lot, branch, weight, v, a, w):
    """Say whether who moves with v has a neighbour in list a that does not move with w."""
    for i in range(weight[v]):
        x = branch[v, i]
        for e in range(start[x], start[x + 1]):
            u = near[e]
            if lot[u] != a:
                continue
            leaves = False
            for q in range(weight[w]):
                if branch[w, q] == u:
                    leaves = True
                    break
            if not leaves:
                return True
    return False


@compiled
def _shift(xs, ys, lot, size, sx, sy, branch, weight, v, b):
    """Let v and who moves with it change to list b."""
    for i in range(weight[v]):
        u = branch[v, i]
        a = lot[u]
        size[a] -= 1
        sx[a] -= xs[u]
        sy[a] -= ys[u]
        lot[u] = b
        size[b] += 1
        sx[b] += xs[u]
        sy[b] += ys[u]


@compiled
def _search(
    start, near, lot, k, bounds, size, branch, weight, first, rings, moves, cost, count,
    came, before, dist, ring,
):  # fmt: skip
    """Fill in the cheapest chains of up to LONGEST moves from the lists with a finite `first`.

    moves: (who, from, to) each, of the `cost`. dist[r, b]: cost of the cheapest found that ends in
    list b after r moves, by household came[r, b] out of list before[r, b]. With `rings` chains that
    end where they began are looked for: ring becomes (moves, last to move, its list) of the
    cheapest. Return the most moves in any, and the cost of the ring.
    """
    low, high = bounds[0], bounds[1]
    dist[:] = np.inf
    for a in range(k):
        dist[0, a] = first[a]
    best = 0.0
    for r in range(LONGEST):
        better = False
        for i in range(count):
            v = moves[i, 0]
            a = moves[i, 1]
            b = moves[i, 2]
            if dist[r, a] == np.inf:
                continue
            reached = dist[r, a] + cost[i]
            is_ring = rings and r > 0 and reached < best
            shorter = False
            for q in range(r + 2):
                if dist[q, b] <= reached:
                    shorter = True
                    break
            if shorter and not is_ring:
                continue
            taken = size[a] - weight[v]
            if r > 0:
                taken += weight[came[r, a]]
                if weight[came[r, a]] != weight[v] and not low <= taken <= high:
                    continue
                if not _reaches(start, near, lot, branch, weight, came[r, a], a, v):
                    continue
            elif not rings and taken < low:
                continue
            at = a
            out = v  # who left `at`
            met = -1
            for q in range(r, 0, -1):
                out = came[q, at]
                at = before[q, at]
                if at == b:
                    met = q - 1
                    break
            if (
                is_ring
                and met == 0
                and (weight[v] == weight[out] or low <= size[b] + weight[v] - weight[out] <= high)
                and _reaches(start, near, lot, branch, weight, v, b, out)
            ):
                best = reached
                ring[0] = r + 1
                ring[1] = v
                ring[2] = a
            if shorter or met >= 0:
                continue
            dist[r + 1, b] = reached
            came[r + 1, b] = v
            before[r + 1, b] = a
            better = True
        if not better:
            return r, best
    return LONGEST, best


@compiled
def _possible(
    start, near, xs, ys, lot, home, branch, weight, size, sx, sy, worth, moves, cost
):  # fmt: skip
    """Fill in who can change to which list, at what cost; return how many moves there are."""
    count = 0
    for v in range(len(lot)):
        a = lot[v]
        m = weight[v]
        if m == 0 or size[a] <= m:
            continue
        own = count
        gx = 0.0
        gy = 0.0
        for i in range(m):
            gx += xs[branch[v, i]]
            gy += ys[branch[v, i]]
        for e in range(start[v], start[v + 1]):
            b = lot[near[e]]
            if b == a or size[b] + m >= CAP:
                continue
            seen = False
            for i in range(own, count):
                if moves[i, 2] == b:
                    seen = True
                    break
            if seen:
                continue
            step = (sx[a] ** 2 + sy[a] ** 2) / size[a] + (sx[b] ** 2 + sy[b] ** 2) / size[b]
            step -= ((sx[a] - gx) ** 2 + (sy[a] - gy) ** 2) / (size[a] - m)
            step -= ((sx[b] + gx) ** 2 + (sy[b] + gy) ** 2) / (size[b] + m)
            for i in range(m):
                u = branch[v, i]
                if home[u] == a:
                    step += worth[u]
                elif home[u] == b:
                    step -= worth[u]
            moves[count, 0] = v
            moves[count, 1] = a
            moves[count, 2] = b
            cost[count] = step
            count += 1
    return count


@compiled
def mend(start, near, xs, ys, lot, k, bounds, home, price, jitter, further, seed):
    """Mend the sizes of `lot` in place, chain by chain; return by how many they still miss.

    Each time the chain is taken that costs least, a change of hands at `price` square metres, less
    something for each list it mends. Then up to `further` chains and rings are taken that pay, many
    of which bring somebody back. Lists stay connected. jitter: by what share prices are varied at
    random.
    """
    n = len(xs)
    low, high = bounds[0], bounds[1]
    state = _state(seed)
    size = np.zeros(k, np.int64)
    sx = np.zeros(k)
    sy = np.zeros(k)
    for v in range(n):
        a = lot[v]
        size[a] += 1
        sx[a] += xs[v]
        sy[a] += ys[v]
    mark = np.zeros(n, np.int64)
    queue = np.empty(n, np.int64)
    branch = np.zeros((n, BRANCH), np.int64)
    weight = np.zeros(n, np.int64)
    stamp = 1
    for a in range(k):
        stamp = _branches(start, near, lot, home, a, branch, weight, mark, stamp, queue)
    moves = np.empty((len(near), 3), np.int64)
    cost = np.empty(len(near))
    worth = np.empty(n)
    for v in range(n):
        worth[v] = price * (1.0 + jitter * (_unit(state) - 0.5))
    mended = price * (1.5 + 2.0 * jitter * (_unit(state) - 0.5))
    came = np.full((LONGEST + 1, k), -1, np.int64)
    before = np.full((LONGEST + 1, k), -1, np.int64)
    dist = np.empty((LONGEST + 1, k))
    first = np.empty(k)
    ring = np.zeros(3, np.int64)
    way = np.empty(LONGEST + 1, np.int64)
    to = np.empty(LONGEST + 1, np.int64)
    stuck = False
    fails = 0
    while True:
        missing = 0
        for a in range(k):
            missing += max(0, size[a] - high) + max(0, low - size[a])
        mending = missing > 0 and not stuck
        if not mending and further <= 0:
            return missing
        count = _possible(
            start, near, xs, ys, lot, home, branch, weight, size, sx, sy, worth, moves, cost
        )  # fmt: skip
        best = np.inf if mending else -1e-3 * price
        length = 0
        for turn in range(2):
            rings = not mending and turn == 1
            useful = not mending
            for a in range(k):
                first[a] = np.inf
                if not mending:
                    first[a] = 0.0 if rings or size[a] > low else np.inf
                elif turn == 0 and size[a] > high:
                    first[a] = -mended
                    useful = True
                elif turn == 1 and low < size[a] <= high:
                    first[a] = 0.0
                if mending and turn == 1 and size[a] < low:
                    useful = True
            if not useful:
                continue
            longest, round_ = _search(
                start, near, lot, k, bounds, size, branch, weight, first, rings, moves, cost, count,
                came, before, dist, ring,
            )  # fmt: skip
            if rings:
                if round_ < best:
                    best = round_
                    length = ring[0]
                    at = ring[2]
                    way[length - 1] = ring[1]
                    for q in range(length - 1, 0, -1):
                        way[q - 1] = came[q, at]
                        to[q - 1] = at
                        at = before[q, at]
                    to[length - 1] = at
                continue
            for r in range(1, longest + 1):
                for b in range(k):
                    if dist[r, b] == np.inf or size[b] + weight[came[r, b]] > high:
                        continue
                    if mending and turn == 1 and size[b] >= low:
                        continue
                    total = dist[r, b] - (mended if mending and size[b] < low else 0.0)
                    if total < best:
                        best = total
                        length = r
                        at = b
                        for q in range(r, 0, -1):
                            way[q - 1] = came[q, at]
                            to[q - 1] = at
                            at = before[q, at]
        if length == 0:
            if mending:
                stuck = True
                continue
            return missing
        origin = lot[way[0]]
        change = (sx[origin] ** 2 + sy[origin] ** 2) / size[origin]
        for q in range(length):
            b = to[q]
            if b != origin:
                change += (sx[b] ** 2 + sy[b] ** 2) / size[b]
        for q in range(length - 1, -1, -1):
            v = way[q]
            b = to[q]
            for i in range(weight[v]):
                u = branch[v, i]
                change += worth[u] if home[u] == lot[u] else -worth[u] if home[u] == b else 0.0
            _shift(xs, ys, lot, size, sx, sy, branch, weight, v, b)
        if not mending:
            change -= (sx[origin] ** 2 + sy[origin] ** 2) / size[origin]
            for q in range(length):
                b = to[q]
                if b != origin:
                    change -= (sx[b] ** 2 + sy[b] ** 2) / size[b]
            further -= 1
            if (
                change > -1e-4 * price
            ):  # moves of one chain do not quite add up: this one did not pay
                for q in range(length):
                    a = origin if q == 0 else to[q - 1]
                    _shift(xs, ys, lot, size, sx, sy, branch, weight, way[q], a)
                weight[way[0]] = 0
                fails += 1
                if fails > 20:
                    return missing
                continue
        stamp = _branches(start, near, lot, home, origin, branch, weight, mark, stamp, queue)
        for q in range(length):
            stamp = _branches(start, near, lot, home, to[q], branch, weight, mark, stamp, queue)
