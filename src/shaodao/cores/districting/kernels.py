# Long functions with many arguments, without types: what the compiler inlines and infers.
# ruff: noqa: C901, PLR0913
# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code=assignment
"""The compiled inner loops. Everything here works on one village given as plain arrays.

`start`, `near`: neighbours of household v are near[start[v]:start[v + 1]]. `lot`: the list (0..k-1)
of each household, changed in place. Randomness is a xorshift of the seed given.
"""

import math
import tempfile
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

CAP = 64  # no list grows beyond this while sizes are still soft


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call and keep it: beside this file, in the user's cache, or for now."""
    try:
        made: Callable[..., Any] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # nowhere to keep it: a user without a home, in somebody else's checkout
        numba.config.CACHE_DIR = _private_folder()  # type: ignore[attr-defined]
        made = numba.njit(cache=True, nogil=True)(function)
    return made


def _private_folder() -> str:
    return tempfile.mkdtemp(prefix="shaodao-compiled-")


@numba.njit(inline="always")
def _next(state):
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return x * np.uint64(2685821657736338717)


@numba.njit(inline="always")
def _below(state, n):
    """Return a number from 0 to n - 1 (n under 2^31)."""
    return np.int64(((_next(state) >> np.uint64(33)) * np.uint64(n)) >> np.uint64(31))


@numba.njit(inline="always")
def _unit(state):
    return ((_next(state) >> np.uint64(11)) + np.uint64(1)) * (1.0 / 9007199254740993.0)


@compiled
def _state(seed):
    state = np.empty(1, np.uint64)
    state[0] = (np.uint64(seed) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    if state[0] == 0:
        state[0] = np.uint64(1)
    for _ in range(8):
        _next(state)
    return state


@compiled
def holds_without(start, near, lot, v, a, mark, stamp, queue):
    """Say whether the neighbours of v in list a are connected within a, v being outside it."""
    wanted = 0
    first = -1
    for e in range(start[v], start[v + 1]):
        u = near[e]
        if lot[u] == a:
            if first < 0:
                first = u
            wanted += 1
    if wanted <= 1:
        return wanted == 1
    # mark[u] == stamp: reached; neighbours of v are counted when they are reached
    for e in range(start[v], start[v + 1]):
        if lot[near[e]] == a:
            mark[near[e]] = stamp  # to be reached
    mark[first] = stamp + 1
    found = 1
    queue[0] = first
    head = 0
    tail = 1
    while head < tail:
        u = queue[head]
        head += 1
        for e in range(start[u], start[u + 1]):
            z = near[e]
            if lot[z] == a and mark[z] != stamp + 1 and z != v:
                if mark[z] == stamp:
                    found += 1
                    if found == wanted:
                        return True
                mark[z] = stamp + 1
                queue[tail] = z
                tail += 1
    return False


@numba.njit(inline="always")
def _over(n, low, high):
    if n > high:
        return float((n - high) * (n - high))
    if n < low:
        return float((low - n) * (low - n))
    return 0.0


@numba.njit(inline="always")
def _kin(start, near, lot, same, v, a):
    """Count the neighbours of v in list a that live in its building."""
    n = 0
    for e in range(start[v], start[v + 1]):
        if same[e] and lot[near[e]] == a:
            n += 1
    return n


@compiled
def anneal(start, near, same, xs, ys, ws, scale, lot, k, bounds, heat, extra, home, steps, seed):
    """Anneal `lot` in place over `steps` proposals; return the change of the whole cost.

    scale: what a household costs in a good list thereabouts, square metres: heat is measured in the
    mean of it over the two lists concerned, so farms and hamlets cool alike. bounds: (low, high)
    households a list. heat: (T at the start, T at the end, price of a size out of bounds at the
    start, at the end; all times the scale). extra: (price of weight off the mean, mean weight,
    price of two neighbouring flats of one building apart, price of a household not in its `home`).
    home: list a household is in now, -1 for none, -2 - list for pinned there.
    """
    n = len(xs)
    low, high = bounds[0], bounds[1]
    even, apart, moved = extra[0], extra[2], extra[3]
    state = _state(seed)
    size = np.zeros(k, np.int64)
    sx = np.zeros(k)
    sy = np.zeros(k)
    sw = np.zeros(k)
    ss = np.zeros(k)
    member = np.empty((k, CAP), np.int32)
    place = np.empty(n, np.int32)
    for v in range(n):
        a = lot[v]
        if size[a] >= CAP:
            return np.inf
        member[a, size[a]] = v
        place[v] = size[a]
        size[a] += 1
        sx[a] += xs[v]
        sy[a] += ys[v]
        sw[a] += ws[v]
        ss[a] += scale[v]
    kin = np.zeros(n, np.int32)
    for v in range(n):
        for e in range(start[v], start[v + 1]):
            kin[v] += same[e]
    mark = np.zeros(n, np.int64)
    queue = np.empty(n, np.int64)
    stamp = 1
    block = 256
    rounds = max(1, steps // block)
    cool = (heat[1] / heat[0]) ** (1.0 / rounds)
    stiffen = (heat[3] / heat[2]) ** (1.0 / rounds)
    temperature = heat[0]
    price = heat[2]
    total = 0.0
    un = np.uint64(n)
    for _ in range(rounds):
        for _ in range(block):
            r = _next(state)
            v = np.int64(((r >> np.uint64(32)) * un) >> np.uint64(32))
            d = start[v + 1] - start[v]
            if d == 0:
                continue
            drawn = np.int64((r >> np.uint64(8)) & np.uint64(0xFFFFFF))
            a = lot[v]
            b = lot[near[start[v] + ((drawn * d) >> 24)]]
            if a == b:
                continue
            na = size[a]
            nb = size[b]
            if na <= 1 or nb >= CAP or home[v] <= -2:
                continue
            dx = xs[v] - sx[a] / na
            dy = ys[v] - sy[a] / na
            ex = xs[v] - sx[b] / nb
            ey = ys[v] - sy[b] / nb
            gain = (ex * ex + ey * ey) * nb / (nb + 1) - (dx * dx + dy * dy) * na / (na - 1)
            if even > 0.0:
                gain += even * 2.0 * ws[v] * (sw[b] - sw[a] + ws[v])
            local = (ss[a] + ss[b]) / (na + nb)
            if moved > 0.0 and home[v] >= 0:
                if home[v] == a:
                    gain += moved * local
                elif home[v] == b:
                    gain -= moved * local
            second = -1
            c = -1
            if r & np.uint64(3) == 0:
                # Another leaves b at once, for a third list or in exchange.
                r = _next(state)
                w = member[b, np.int64(((r >> np.uint64(32)) * np.uint64(nb)) >> np.uint64(32))]
                d = start[w + 1] - start[w]
                drawn = np.int64((r >> np.uint64(8)) & np.uint64(0xFFFFFF))
                z = near[start[w] + ((drawn * d) >> 24)]
                c = lot[z]
                if c == b or z == v or home[w] <= -2 or size[c] >= CAP:
                    continue
                second = w
                nb += 1  # with v in it
                dx = xs[w] - (sx[b] + xs[v]) / nb
                dy = ys[w] - (sy[b] + ys[v]) / nb
                nc = size[c]
                cx = sx[c]
                cy = sy[c]
                cw = sw[c]
                if c == a:
                    nc -= 1
                    cx -= xs[v]
                    cy -= ys[v]
                    cw -= ws[v]
                ex = xs[w] - cx / nc
                ey = ys[w] - cy / nc
                gain += (ex * ex + ey * ey) * nc / (nc + 1) - (dx * dx + dy * dy) * nb / (nb - 1)
                if even > 0.0:
                    gain += even * 2.0 * ws[w] * (cw - sw[b] - ws[v] + ws[w])
                if moved > 0.0 and home[w] >= 0:
                    if home[w] == b:
                        gain += moved * local
                    elif home[w] == c:
                        gain -= moved * local
                if c != a:
                    gain += (
                        price
                        * local
                        * (
                            _over(na - 1, low, high)
                            - _over(na, low, high)
                            + _over(nc + 1, low, high)
                            - _over(nc, low, high)
                        )
                    )
            else:
                gain += (
                    price
                    * local
                    * (
                        _over(na - 1, low, high)
                        - _over(na, low, high)
                        + _over(nb + 1, low, high)
                        - _over(nb, low, high)
                    )
                )
            heated = temperature * local
            flats = apart
            if gain > 16.0 * heated + flats * (kin[v] + (kin[second] if second >= 0 else 0)):
                continue
            if flats > 0.0 and kin[v] > 0:
                gain += flats * (
                    _kin(start, near, lot, same, v, a) - _kin(start, near, lot, same, v, b)
                )
            lot[v] = b
            if second >= 0:
                if flats > 0.0 and kin[second] > 0:
                    gain += flats * (
                        _kin(start, near, lot, same, second, b)
                        - _kin(start, near, lot, same, second, c)
                    )
                lot[second] = c
            stamp += 2
            if (gain > 0.0 and gain >= -heated * math.log(_unit(state))) or not holds_without(
                start, near, lot, v, a, mark, stamp, queue
            ):
                lot[v] = a
                if second >= 0:
                    lot[second] = b
                continue
            if second >= 0:
                stamp += 2
                if not holds_without(start, near, lot, second, b, mark, stamp, queue):
                    lot[v] = a
                    lot[second] = b
                    continue
            total += gain
            last = member[a, size[a] - 1]
            member[a, place[v]] = last
            place[last] = place[v]
            size[a] -= 1
            sx[a] -= xs[v]
            sy[a] -= ys[v]
            sw[a] -= ws[v]
            ss[a] -= scale[v]
            lot[v] = b
            member[b, size[b]] = v
            place[v] = size[b]
            size[b] += 1
            sx[b] += xs[v]
            sy[b] += ys[v]
            sw[b] += ws[v]
            ss[b] += scale[v]
            if second >= 0:
                w = second
                last = member[b, size[b] - 1]
                member[b, place[w]] = last
                place[last] = place[w]
                size[b] -= 1
                sx[b] -= xs[w]
                sy[b] -= ys[w]
                sw[b] -= ws[w]
                ss[b] -= scale[w]
                lot[w] = c
                member[c, size[c]] = w
                place[w] = size[c]
                size[c] += 1
                sx[c] += xs[w]
                sy[c] += ys[w]
                sw[c] += ws[w]
                ss[c] += scale[w]
        temperature *= cool
        price *= stiffen
    return total


@compiled
def spread(xs, ys, lot, k):
    """Return the sum of squared distances to the mean of its list, for each list."""
    size = np.zeros(k)
    sx = np.zeros(k)
    sy = np.zeros(k)
    for v in range(len(xs)):
        size[lot[v]] += 1
        sx[lot[v]] += xs[v]
        sy[lot[v]] += ys[v]
    cost = np.zeros(k)
    for v in range(len(xs)):
        a = lot[v]
        dx = xs[v] - sx[a] / size[a]
        dy = ys[v] - sy[a] / size[a]
        cost[a] += dx * dx + dy * dy
    return cost


@compiled
def pieces(start, near, lot, k):
    """Return how many connected pieces each list consists of."""
    n = len(lot)
    seen = np.zeros(n, np.bool_)
    queue = np.empty(n, np.int64)
    count = np.zeros(k, np.int64)
    for v in range(n):
        if seen[v]:
            continue
        count[lot[v]] += 1
        seen[v] = True
        queue[0] = v
        head = 0
        tail = 1
        while head < tail:
            u = queue[head]
            head += 1
            for e in range(start[u], start[u + 1]):
                z = near[e]
                if not seen[z] and lot[z] == lot[v]:
                    seen[z] = True
                    queue[tail] = z
                    tail += 1
    return count


@numba.njit(inline="always")
def _root(up, v):
    while up[v] != v:
        up[v] = up[up[v]]
        v = up[v]
    return v


@compiled
def _misfit(n, k, low, high):
    """Return by how many households n misses what k lists can hold."""
    if n < low * k:
        return low * k - n
    if n > high * k:
        return n - high * k
    return 0


@compiled
def bisect(start, near, xs, ys, lot, first, k, bounds, trees, jitter, seed):
    """Divide list `first` of `lot` in place into k lists, numbered from `first` up.

    Cut again and again one edge of a random spanning tree: among a few trees the cut that leaves
    both sides a number of lists they can hold and the least spread per list. The caller sees to it
    that the numbers are free. Return the households by which the sizes miss the bounds (0 if they
    all hold).
    """
    low, high = bounds[0], bounds[1]
    n = len(xs)
    state = _state(seed)
    stack = np.empty((k + 1, 2), np.int64)
    stack[0, 0] = first
    stack[0, 1] = k
    depth = 1
    free = first + 1
    missed = 0
    nodes = np.empty(n, np.int64)
    up = np.empty(n, np.int64)
    parent = np.empty(n, np.int64)
    order = np.empty(n, np.int64)
    count = np.empty(n, np.int64)
    ax = np.empty(n)
    ay = np.empty(n)
    aq = np.empty(n)
    while depth > 0:
        depth -= 1
        a = stack[depth, 0]
        ka = stack[depth, 1]
        m = 0
        for v in range(n):
            if lot[v] == a:
                nodes[m] = v
                m += 1
        if ka == 1:
            missed += _misfit(m, 1, low, high)
            continue
        edges = 0
        for i in range(m):
            v = nodes[i]
            for e in range(start[v], start[v + 1]):
                if near[e] > v and lot[near[e]] == a:
                    edges += 1
        tails = np.empty(edges, np.int64)
        heads = np.empty(edges, np.int64)
        keys = np.empty(edges)
        best = np.inf
        best_k = 1
        side = np.zeros(n, np.bool_)
        for _ in range(trees if m <= 150 else max(2, trees // 3)):
            i_edge = 0
            for i in range(m):
                v = nodes[i]
                for e in range(start[v], start[v + 1]):
                    u = near[e]
                    if u > v and lot[u] == a:
                        tails[i_edge] = v
                        heads[i_edge] = u
                        far = math.sqrt((xs[u] - xs[v]) ** 2 + (ys[u] - ys[v]) ** 2)
                        keys[i_edge] = (far + 1.0) * (1.0 - jitter * _unit(state))
                        i_edge += 1
            ranked = np.argsort(keys)
            for i in range(m):
                up[nodes[i]] = nodes[i]
            # The tree as neighbour chains: slot[v] -> link rows
            slot = np.full(n, -1, np.int64)
            n_links = 0
            links = np.empty((2 * m, 2), np.int64)
            for i in range(edges):
                v = tails[ranked[i]]
                u = heads[ranked[i]]
                rv = _root(up, v)
                ru = _root(up, u)
                if rv != ru:
                    up[rv] = ru
                    links[n_links, 0] = u
                    links[n_links, 1] = slot[v]
                    slot[v] = n_links
                    n_links += 1
                    links[n_links, 0] = v
                    links[n_links, 1] = slot[u]
                    slot[u] = n_links
                    n_links += 1
            root = nodes[_below(state, m)]
            order[0] = root
            parent[root] = -1
            head = 0
            tail = 1
            while head < tail:
                v = order[head]
                head += 1
                i = slot[v]
                while i >= 0:
                    u = links[i, 0]
                    if u != parent[v]:
                        parent[u] = v
                        order[tail] = u
                        tail += 1
                    i = links[i, 1]
            for i in range(tail):
                v = order[i]
                count[v] = 1
                ax[v] = xs[v]
                ay[v] = ys[v]
                aq[v] = xs[v] * xs[v] + ys[v] * ys[v]
            for i in range(tail - 1, 0, -1):
                v = order[i]
                p = parent[v]
                count[p] += count[v]
                ax[p] += ax[v]
                ay[p] += ay[v]
                aq[p] += aq[v]
            chosen = -1
            for i in range(1, tail):
                v = order[i]
                n1 = count[v]
                n2 = m - n1
                s1 = aq[v] - (ax[v] * ax[v] + ay[v] * ay[v]) / n1
                x2 = ax[root] - ax[v]
                y2 = ay[root] - ay[v]
                s2 = aq[root] - aq[v] - (x2 * x2 + y2 * y2) / n2
                guess = int(n1 * ka / m + 0.5)
                for k1 in range(max(1, guess - 1), min(ka - 1, guess + 1) + 1):
                    off = _misfit(n1, k1, low, high) + _misfit(n2, ka - k1, low, high)
                    score = s1 / k1 + s2 / (ka - k1) + off * 1e12
                    if score < best:
                        best = score
                        best_k = k1
                        chosen = v
            if chosen >= 0:
                for i in range(m):
                    side[nodes[i]] = False
                side[chosen] = True
                for i in range(1, tail):
                    if side[parent[order[i]]]:
                        side[order[i]] = True
        if best == np.inf:
            return n
        b = free
        free += 1
        for i in range(m):
            if side[nodes[i]]:
                lot[nodes[i]] = b
        stack[depth, 0] = a
        stack[depth, 1] = ka - best_k
        stack[depth + 1, 0] = b
        stack[depth + 1, 1] = best_k
        depth += 2
    return missed


@compiled
def _region(start, near, xs, ys, lot, k, seed_list, m):
    """Return up to m lists grown from one list, each time the nearest that touches those taken."""
    cx = np.zeros(k)
    cy = np.zeros(k)
    size = np.zeros(k)
    for v in range(len(xs)):
        size[lot[v]] += 1
        cx[lot[v]] += xs[v]
        cy[lot[v]] += ys[v]
    for a in range(k):
        cx[a] /= max(size[a], 1.0)
        cy[a] /= max(size[a], 1.0)
    taken = np.zeros(k, np.bool_)
    touched = np.zeros(k, np.bool_)
    chosen = np.empty(m, np.int64)
    taken[seed_list] = True
    chosen[0] = seed_list
    n_chosen = 1
    while n_chosen < m:
        last = chosen[n_chosen - 1]
        for v in range(len(xs)):
            if lot[v] == last:
                for e in range(start[v], start[v + 1]):
                    touched[lot[near[e]]] = True
        best = np.inf
        pick = -1
        for a in range(k):
            if touched[a] and not taken[a]:
                far = (cx[a] - cx[seed_list]) ** 2 + (cy[a] - cy[seed_list]) ** 2
                if far < best:
                    best = far
                    pick = a
        if pick < 0:
            break
        taken[pick] = True
        chosen[n_chosen] = pick
        n_chosen += 1
    return chosen[:n_chosen]


@compiled
def regrow(
    start,
    near,
    same,
    xs,
    ys,
    ws,
    scale,
    lot,
    k,
    seed_list,
    m,
    change,
    bounds,
    heat,
    extra,
    home,
    steps,
    seed,
):
    """Re-divide the m lists around one list into m + change lists (change: -1, 0 or 1).

    steps: proposals per household. Return the households concerned, their lists as they would be
    (0..m + change - 1), the lists taken, and the spread before and after; after is infinite where
    the sizes do not come right.
    """
    chosen = _region(start, near, xs, ys, lot, k, seed_list, m)
    m = len(chosen)
    local_list = np.full(k, -1, np.int64)
    for i in range(m):
        local_list[chosen[i]] = i
    n_all = len(xs)
    n = 0
    for v in range(n_all):
        if local_list[lot[v]] >= 0:
            n += 1
    nodes = np.empty(n, np.int64)
    index = np.full(n_all, -1, np.int32)
    n = 0
    degree = 0
    for v in range(n_all):
        if local_list[lot[v]] >= 0:
            nodes[n] = v
            index[v] = n
            n += 1
            degree += start[v + 1] - start[v]
    s_start = np.zeros(n + 1, np.int32)
    s_near = np.empty(degree, np.int32)
    s_same = np.empty(degree, np.bool_)
    s_x = np.empty(n)
    s_y = np.empty(n)
    s_w = np.empty(n)
    s_scale = np.empty(n)
    s_home = np.full(n, -1, np.int32)
    s_lot = np.empty(n, np.int32)
    t = 0
    for i in range(n):
        v = nodes[i]
        for e in range(start[v], start[v + 1]):
            if index[near[e]] >= 0:
                s_near[t] = index[near[e]]
                s_same[t] = same[e]
                t += 1
        s_start[i + 1] = t
        s_x[i] = xs[v]
        s_y[i] = ys[v]
        s_w[i] = ws[v]
        s_scale[i] = scale[v]
        s_lot[i] = local_list[lot[v]]
    s_near = s_near[:t]
    s_same = s_same[:t]
    before = spread(s_x, s_y, s_lot, m).sum()
    k_new = m + change
    if k_new < 1 or n < bounds[0] * k_new or n > bounds[1] * k_new:
        return nodes, s_lot, chosen, before, np.inf
    if change > 0:
        size = 0
        for i in range(n):
            if s_lot[i] == 0:
                size += 1
        wide = np.array([max(1, size // 3), size])
        # the new list must take the number m, the first free one
        for i in range(n):
            if s_lot[i] == 0:
                s_lot[i] = k_new
        bisect(s_start, s_near, s_x, s_y, s_lot, k_new, 2, wide, 3, 0.6, seed)
        for i in range(n):
            if s_lot[i] == k_new:
                s_lot[i] = 0
            elif s_lot[i] == k_new + 1:
                s_lot[i] = m
    elif change < 0:
        cx = np.zeros(m)
        cy = np.zeros(m)
        size_of = np.zeros(m, np.int64)
        for i in range(n):
            size_of[s_lot[i]] += 1
            cx[s_lot[i]] += s_x[i]
            cy[s_lot[i]] += s_y[i]
        left = size_of[0]
        for i in range(n):
            if s_lot[i] == 0:
                s_lot[i] = -1
        while left > 0:
            best = np.inf
            best_i = -1
            best_a = -1
            for i in range(n):
                if s_lot[i] != -1:
                    continue
                for e in range(s_start[i], s_start[i + 1]):
                    a = s_lot[s_near[e]]
                    if a >= 0 and size_of[a] < CAP - 1:
                        dx = s_x[i] - cx[a] / size_of[a]
                        dy = s_y[i] - cy[a] / size_of[a]
                        far = dx * dx + dy * dy
                        if far < best:
                            best = far
                            best_i = i
                            best_a = a
            if best_i < 0:
                return nodes, s_lot, chosen, before, np.inf
            s_lot[best_i] = best_a
            size_of[best_a] += 1
            cx[best_a] += s_x[best_i]
            cy[best_a] += s_y[best_i]
            left -= 1
        for i in range(n):
            s_lot[i] -= 1
    anneal(
        s_start, s_near, s_same, s_x, s_y, s_w, s_scale, s_lot, k_new, bounds, heat, extra,
        s_home, steps * n, seed,
    )  # fmt: skip
    count = np.zeros(k_new, np.int64)
    for i in range(n):
        count[s_lot[i]] += 1
    for a in range(k_new):
        if count[a] < bounds[0] or count[a] > bounds[1]:
            return nodes, s_lot, chosen, before, np.inf
    return nodes, s_lot, chosen, before, spread(s_x, s_y, s_lot, k_new).sum()
