# Long functions with many arguments, without types: what the compiler inlines and infers.
# ruff: noqa: C901, PLR0913
# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code=assignment
"""The compiled search of `proving`: branch and bound over who is in which list.

`mask[i]`: the lists household i may still be in, a bit each. Lists 0..used-1 have a member; those
after them are alike and empty. `price[i]`: what taking household i into a list is paid.
"""

import heapq

import numpy as np

from .kernels import compiled


@compiled
def _worth(xs, ys, price, must, free, order, values, low, high, cx, cy):
    """Return the least sum of squared distances to a centre less prices; size and sums of it.

    The set is `must` and the first of `order`, which is left sorted and serves the next call.
    """
    total = 0.0
    sx = 0.0
    sy = 0.0
    for i in must:
        total += (xs[i] - cx) ** 2 + (ys[i] - cy) ** 2 - price[i]
        sx += xs[i]
        sy += ys[i]
    for i in free:
        values[i] = (xs[i] - cx) ** 2 + (ys[i] - cy) ** 2 - price[i]
    for at in range(1, len(order)):
        i = order[at]
        v = values[i]
        to = at - 1
        while to >= 0 and values[order[to]] > v:
            order[to + 1] = order[to]
            to -= 1
        order[to + 1] = i
    m = len(must)
    for i in order:
        if m >= high or (m >= low and values[i] >= 0.0):
            break
        total += values[i]
        sx += xs[i]
        sy += ys[i]
        m += 1
    return total, m, sx, sy


@compiled
def _dip(slope, bend):
    """Return the least of slope * u + bend * (u * u - 1) for u in -1..1."""
    if abs(slope) >= 2.0 * bend:
        return -abs(slope)
    return -slope * slope / (4.0 * bend) - bend


@compiled
def _floor(f00, f10, f01, f11, hx, hy, high):
    """Return a lower bound of the worth of any centre in a box from that of its corners.

    The worth of a set less its size times the centre's square is linear in the centre, so the
    least of them is concave: no less within than between the corners, but for what is bent.
    """
    bx = high * hx * hx
    by = high * hy * hy
    mean = (f00 + f10 + f01 + f11) / 4.0
    sx = (f10 + f11 - f00 - f01) / 4.0
    sy = (f01 + f11 - f00 - f10) / 4.0
    twist = abs(f00 + f11 - f10 - f01) / 4.0
    tight = mean - twist + _dip(sx, bx) + _dip(sy, by)
    return max(tight, min(min(f00, f10), min(f01, f11)) - bx - by)


@compiled
def _cheapest(xs, ys, price, must, free, low, high, centre, tolerance, most, chosen):
    """Return a lower bound of the spread less the prices of any list, and the least found.

    A list holds all of `must`, some of `free`, low to high of them. It is paid for by the best
    centre it can have: centres are searched by halving a box that holds them all. Fills `chosen`.
    """
    n = len(xs)
    values = np.empty(n)
    order = free.copy()
    best = np.inf
    cx = centre[0]
    cy = centre[1]
    for _ in range(30):
        total, m, sx, sy = _worth(xs, ys, price, must, free, order, values, low, high, cx, cy)
        mx = sx / m
        my = sy / m
        total -= m * ((mx - cx) ** 2 + (my - cy) ** 2)
        if total >= best - 1e-12 * abs(best):
            break
        best = total
        chosen[:] = False
        for i in must:
            chosen[i] = True
        chosen[order[: m - len(must)]] = True
        centre[0] = mx
        centre[1] = my
        cx = mx
        cy = my
    x0 = np.inf
    x1 = -np.inf
    y0 = np.inf
    y1 = -np.inf
    for part in (must, free):
        for i in part:
            x0 = min(x0, xs[i])
            x1 = max(x1, xs[i])
            y0 = min(y0, ys[i])
            y1 = max(y1, ys[i])
    stack = np.empty((256, 9))
    for corner in range(4):
        cx = x1 if corner % 2 else x0
        cy = y1 if corner // 2 else y0
        # the box
        found = _worth(xs, ys, price, must, free, order, values, low, high, cx, cy)
        stack[0, 4 + corner] = found[0]
    stack[0, 0] = x0
    stack[0, 1] = y0
    stack[0, 2] = x1
    stack[0, 3] = y1
    stack[0, 8] = -np.inf
    depth = 1
    bound = best
    looked = 0
    corners = np.empty((2, 2))
    while depth > 0:
        depth -= 1
        x0, y0, x1, y1, f00, f10, f01, f11, floor = stack[depth]
        if floor >= best - tolerance or looked >= most or depth + 2 > len(stack):
            bound = min(bound, floor)
            continue
        looked += 1
        across = x1 - x0 >= y1 - y0
        middle = (x0 + x1) / 2 if across else (y0 + y1) / 2
        for side in range(2):
            cx = middle if across else (x1 if side else x0)
            cy = (y1 if side else y0) if across else middle
            total, m, sx, sy = _worth(xs, ys, price, must, free, order, values, low, high, cx, cy)
            corners[side, 0] = total
            mx = sx / m
            my = sy / m
            total -= m * ((mx - cx) ** 2 + (my - cy) ** 2)
            if total < best - 1e-12 * abs(best):
                best = total
                chosen[:] = False
                for i in must:
                    chosen[i] = True
                chosen[order[: m - len(must)]] = True
                centre[0] = mx
                centre[1] = my
        a = corners[0, 0]
        b = corners[1, 0]
        hx = (x1 - x0) / (4 if across else 2)
        hy = (y1 - y0) / (2 if across else 4)
        if across:  # a: on the lower edge, b: on the upper
            first = _floor(f00, a, f01, b, hx, hy, high)
            second = _floor(a, f10, b, f11, hx, hy, high)
        else:  # a: on the left edge, b: on the right
            first = _floor(f00, f10, a, b, hx, hy, high)
            second = _floor(a, b, f01, f11, hx, hy, high)
        first = max(first, floor)
        second = max(second, floor)
        for turn in range(2):  # the more promising half last, to be looked at first
            is_first = (first <= second) == (turn == 1)
            lower = first if is_first else second
            if lower >= best - tolerance:
                bound = min(bound, lower)
                continue
            row = stack[depth]
            row[0] = x0
            row[1] = y0
            row[2] = x1
            row[3] = y1
            row[4] = f00
            row[5] = f10
            row[6] = f01
            row[7] = f11
            row[8] = lower
            if across and is_first:
                row[2] = middle
                row[5] = a
                row[7] = b
            elif across:
                row[0] = middle
                row[4] = a
                row[6] = b
            elif is_first:
                row[3] = middle
                row[6] = a
                row[7] = b
            else:
                row[1] = middle
                row[4] = a
                row[5] = b
            depth += 1
    return min(bound, best), best


@compiled
def _reached(start, near, inside, root, without, seen, queue):
    """Mark what is connected to root within `inside`, `without` left out; return how many."""
    seen[:] = False
    seen[root] = True
    queue[0] = root
    count = 1
    head = 0
    while head < count:
        v = queue[head]
        head += 1
        for e in range(start[v], start[v + 1]):
            u = near[e]
            if inside[u] and not seen[u] and u != without:
                seen[u] = True
                queue[count] = u
                count += 1
    return count


@compiled
def _follow(start, near, mask, used, k, low, high):
    """Draw the conclusions of a node in place; return whether a division is left, lists begun."""
    n = len(mask)
    seen = np.empty(n, np.bool_)
    inside = np.empty(n, np.bool_)
    held = np.empty(n, np.bool_)
    queue = np.empty(n, np.int64)
    changed = True
    while changed:
        changed = False
        if used < k:
            begun = (1 << used) - 1
            for i in range(n):
                if mask[i] & begun == 0 and mask[i] != 0:
                    mask[i] = 1 << used
                    used += 1
                    changed = True
                    if used == k:
                        break
                    begun = (1 << used) - 1
            if changed:
                continue
        for a in range(used):
            bit = 1 << a
            n_held = 0
            n_inside = 0
            root = -1
            for i in range(n):
                inside[i] = mask[i] & bit != 0
                held[i] = mask[i] == bit
                if held[i]:
                    n_held += 1
                    root = i
                if inside[i]:
                    n_inside += 1
            if root < 0 or n_held > high or n_inside < low:
                return False, used
            if n_inside > n_held and (n_held == high or n_inside == low):
                for i in range(n):
                    if inside[i] and not held[i]:
                        mask[i] = bit if n_inside == low else mask[i] & ~bit
                        if mask[i] == 0:
                            return False, used
                changed = True
                continue
            reach = _reached(start, near, inside, root, -1, seen, queue)
            if reach < low:
                return False, used
            if reach < n_inside:
                for i in range(n):
                    if inside[i] and not seen[i]:
                        if held[i] or mask[i] == bit:
                            return False, used
                        mask[i] &= ~bit
                        changed = True
                continue
            for v in range(n):  # is it a bridge between members, or to most of the list?
                if not inside[v] or held[v]:
                    continue
                reach = _reached(start, near, inside, root, v, seen, queue)
                needed = reach < low
                for i in range(n):
                    if held[i] and not seen[i]:
                        needed = True
                if needed:
                    mask[v] = bit
                    held[v] = True
                    changed = True
    return True, used


@compiled
def _is_division(start, near, lot, k, low, high):
    """Say whether every list is connected and within its bounds."""
    n = len(lot)
    seen = np.empty(n, np.bool_)
    queue = np.empty(n, np.int64)
    for a in range(k):
        inside = lot == a
        size = inside.sum()
        if size < low or size > high:
            return False
        root = np.argmax(inside)
        if _reached(start, near, inside, root, -1, seen, queue) < size:
            return False
    return True


@compiled
def _spread(xs, ys, lot, k):
    total = 0.0
    for a in range(k):
        inside = lot == a
        x = xs[inside]
        y = ys[inside]
        total += ((x - x.mean()) ** 2 + (y - y.mean()) ** 2).sum()
    return total


@compiled
def _limits(mask, used, k, low, high):
    """Return the least and the most each list can hold beside the others, and each empty one."""
    n = len(mask)
    least = np.full(used + 1, low)
    most = np.full(used + 1, high)
    for a in range(used):
        bit = 1 << a
        least[a] = max(low, (mask == bit).sum())
        most[a] = min(high, (mask & bit != 0).sum())
    count = np.ones(used + 1, np.int64)
    count[used] = k - used
    floor = (least * count).sum()
    ceiling = (most * count).sum()
    down = np.empty(used + 1, np.int64)
    up = np.empty(used + 1, np.int64)
    for a in range(used + 1):
        down[a] = max(least[a], n - (ceiling - most[a]))
        up[a] = min(most[a], n - (floor - least[a]))
    return down, up, floor <= n <= ceiling


@compiled
def _bound(
    start, near, xs, ys, mask, used, k, low, high, price, upper, goal, rounds, boxes, share, lot
):
    """Return a lower bound of the divisions of a node, and whether the node is done with.

    Prices are moved towards those with the best bound and left in `price`; `share` tells how often
    a household was in a list. A division found by the way that is better goes to `lot`, and its
    spread is returned.
    """
    n = len(xs)
    down, up, possible = _limits(mask, used, k, low, high)
    if not possible:
        return np.inf, True, upper
    for a in range(used + (1 if used < k else 0)):
        if down[a] > up[a]:
            return np.inf, True, upper
    centres = np.zeros((used + 1, 2))
    begun = (1 << used) - 1
    sets = np.zeros((used + 1, n), np.bool_)
    for a in range(used):
        bit = 1 << a
        held = mask == bit
        centres[a, 0] = xs[held].mean()
        centres[a, 1] = ys[held].mean()
    best = -np.inf
    kept = price.copy()
    direction = np.zeros(n)
    theta = 1.0
    stale = 0
    share[:] = 0.0
    last = -np.inf
    since = 0
    for turn in range(rounds):
        total = price.sum()
        cover = np.zeros(n)
        slack = max(0.02 * (goal - max(best, 0.0)) / k, 1e-10 * upper)
        for a in range(used + (1 if used < k else 0)):
            if a < used:
                bit = 1 << a
                must = np.flatnonzero(mask == bit)
                free = np.flatnonzero((mask & bit != 0) & (mask != bit))
            else:
                must = np.empty(0, np.int64)
                free = np.flatnonzero(mask & ~begun != 0)
                if len(free) < down[a]:
                    return np.inf, True, upper
            times = 1 if a < used else k - used
            floor, _ = _cheapest(
                xs, ys, price, must, free, down[a], up[a], centres[a], slack, boxes, sets[a]
            )
            total += times * floor
            cover += times * sets[a]
        keep = max(0.1, 1.0 / (turn + 1.0))
        share *= 1.0 - keep
        for a in range(used + (1 if used < k else 0)):
            share[a] += keep * sets[a]
        if total > best:
            if total > best + 0.01 * max(goal - best, 0.0):
                stale = 0
            best = total
            kept[:] = price
        else:
            stale += 1
        if best >= goal:
            break
        step = 1.0 - cover
        if used == k and np.abs(step).max() == 0.0:
            trial = np.zeros(n, np.int64)
            for a in range(k):
                trial[sets[a]] = a
            if _is_division(start, near, trial, k, low, high):
                spread = _spread(xs, ys, trial, k)
                if spread < upper:
                    lot[:] = trial
                    upper = spread
                if total >= spread - 1e-9 * spread:
                    price[:] = kept
                    return best, True, upper
            else:
                break
        norm = (direction**2).sum()
        if norm > 0.0:
            along = (step * direction).sum()
            if along < 0.0:
                step = step - 1.5 * along / norm * direction
        direction = step
        norm = (direction**2).sum()
        if norm < 1e-12:
            break
        if stale >= 4:
            theta *= 0.5
            stale = 0
            price[:] = kept
        price += theta * max(goal * 1.002 - total, 1e-6 * goal) / norm * direction
        since += 1
        if since >= 10:
            if best < last + 0.05 * (goal - last):
                break
            last = best
            since = 0
    price[:] = kept
    return best, best >= goal, upper


@compiled
def _branch(xs, ys, mask, used, k, share):
    """Return the household to decide next, or -1 if all are decided."""
    n = len(mask)
    best = -1.0
    at = -1
    for i in range(n):
        if mask[i] & (mask[i] - 1) == 0:
            continue
        if used < k:  # as far as can be from all who have a list
            score = np.inf
            for j in range(n):
                if mask[j] & (mask[j] - 1) == 0:
                    score = min(score, (xs[i] - xs[j]) ** 2 + (ys[i] - ys[j]) ** 2)
            if score == np.inf:
                score = xs[i] ** 2 + ys[i] ** 2
        else:
            first = 0.0
            total = 0.0
            for a in range(k):
                if mask[i] & (1 << a):
                    first = max(first, share[a, i])
                    total += share[a, i]
            score = 1.0 + (total - first if total > 1e-9 else 1.0)
        if score > best:
            best = score
            at = i
    return at


@compiled
def search(start, near, xs, ys, k, low, high, price, lot, upper, nearly, nodes, rounds, boxes):
    """Return a lower bound, the nodes looked at, and whether that was all; better `lot`.

    A node is left where no division of it is below upper * (1 - nearly).
    """
    n = len(xs)
    masks = np.empty((nodes + k + 1, n), np.int64)
    prices = np.empty((nodes + k + 1, n))
    next_ones = np.empty((nodes + k + 1, 2), np.int64)  # household to decide next, lists begun
    share = np.zeros((k + 1, n))
    mask = np.full(n, (1 << k) - 1, np.int64)
    least = np.inf  # of the nodes left
    looked = 1
    _, used = _follow(start, near, mask, 0, k, low, high)
    lower, done, upper = _bound(
        start, near, xs, ys, mask, used, k, low, high, price, upper, upper * (1.0 - nearly),
        10 * rounds, boxes, share, lot,
    )  # fmt: skip
    if done:
        return min(lower, upper), looked, True
    masks[0] = mask
    prices[0] = price
    next_ones[0, 0] = _branch(xs, ys, mask, used, k, share)
    next_ones[0, 1] = used
    heap = [(lower, 0)]
    n_kept = 1
    while len(heap) > 0:
        lower, at = heapq.heappop(heap)
        goal = upper * (1.0 - nearly)
        if lower >= goal:
            least = min(least, lower)
            continue
        if looked + k > nodes:
            return min(min(least, lower), upper), looked, False
        who = next_ones[at, 0]
        used = next_ones[at, 1]
        for a in range(min(used + 1, k)):
            if masks[at, who] & (1 << a) == 0:
                continue
            looked += 1
            mask = masks[at].copy()
            mask[who] = 1 << a
            holds, begun = _follow(start, near, mask, max(used, a + 1), k, low, high)
            if not holds:
                continue
            price = prices[at].copy()
            found, done, upper = _bound(
                start, near, xs, ys, mask, begun, k, low, high, price, upper,
                upper * (1.0 - nearly), rounds, boxes, share, lot,
            )  # fmt: skip
            found = max(found, lower)
            if done:
                least = min(least, found)
                continue
            decide = _branch(xs, ys, mask, begun, k, share)
            if decide < 0:
                trial = np.zeros(n, np.int64)
                for i in range(n):
                    while mask[i] >> trial[i] != 1:
                        trial[i] += 1
                if _is_division(start, near, trial, k, low, high):
                    spread = _spread(xs, ys, trial, k)
                    least = min(least, spread)
                    if spread < upper:
                        upper = spread
                        lot[:] = trial
                continue
            masks[n_kept] = mask
            prices[n_kept] = price
            next_ones[n_kept, 0] = decide
            next_ones[n_kept, 1] = begun
            heapq.heappush(heap, (found, n_kept))
            n_kept += 1
    return min(least, upper), looked, True
