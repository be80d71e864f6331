"""One community of the sample town counted out: nine compounds, 1,032 households, 2,873 people.

It is filled after the town stands, with chance of its own, so that no other place changes with it.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from shaodao.people.policy import Role
from shaodao.places.policy import Layer

from . import names
from .drafts import BuildingDraft, HouseholdDraft, PersonDraft, PostDraft
from .placing import HOMES_A_WORKER, Placer

COMMUNITY = "360702001001"  # 西津路
N_COMPOUNDS, N_HOUSEHOLDS, N_PEOPLE = 9, 1_032, 2_873
SEED = 1032


def count_out(work: Placer) -> None:
    """Fill the community with the compounds, households and people it is known for."""
    rng = np.random.default_rng(SEED)
    _join_compounds(work)
    grids = sorted(grid.code for grid in work.town.grids if grid.code.startswith(COMMUNITY))
    sizes = _sizes(rng)
    people = names.people(np.random.default_rng(SEED + 1))
    for n, code in enumerate(grids):
        share = sizes[n :: len(grids)]
        workers = _workers(work, code, len(share), people, rng)
        _move_in(work, code, share, workers, rng)


def _join_compounds(work: Placer) -> None:
    """Let the smallest compounds join the nearest of the others until so many are left."""
    town = work.town
    while len(own := [row for row in town.compounds if row.community == COMMUNITY]) > N_COMPOUNDS:
        standing = Counter(row.compound for row in town.buildings)
        least = min(own, key=lambda row: (standing[row.key], row.key))
        others = [row for row in own if row is not least]
        near = min(others, key=lambda row: (row.lon - least.lon) ** 2 + (row.lat - least.lat) ** 2)
        n = standing[near.key]
        for index, row in enumerate(town.buildings):
            if row.compound == least.key:
                n += 1
                town.buildings[index] = _joined(row, least.name, near.key, near.name, n)
        town.compounds.remove(least)
        town.features[:] = [
            one for one in town.features if (one.layer, one.name) != (Layer.LABEL, least.name)
        ]


def _joined(row: BuildingDraft, old: str, key: str, name: str, n: int) -> BuildingDraft:
    label = f"{n}栋" if row.name.endswith("栋") else f"{n}号"
    address = row.address.replace(f"{old}{row.name}", f"{name}{label}")
    return replace(row, compound=key, name=label, address=address)


def _sizes(rng: Generator) -> list[int]:
    """Return how many live in each household; together they are all the people there are."""
    sizes = rng.choice([1, 2, 3, 4, 5], N_HOUSEHOLDS, p=[0.12, 0.36, 0.26, 0.18, 0.08])
    while (off := N_PEOPLE - int(sizes.sum())) != 0:
        at = int(rng.integers(N_HOUSEHOLDS))
        if 1 <= sizes[at] + np.sign(off) <= 6:
            sizes[at] += np.sign(off)
    return sizes.tolist()


def _workers(work: Placer, code: str, n_homes: int, people, rng: Generator) -> list[str]:
    """Return the workers of a grid, with as many more as its households ask for."""
    wanted = max(round(n_homes / HOMES_A_WORKER), -(-n_homes // 25))
    while len(work.workers[code]) < wanted:
        work.n_workers += 1
        username = f"grid.{code}.{len(work.workers[code]) + 1}"
        work.workers[code].append(username)
        work.town.people.append(
            PersonDraft(
                username,
                next(people),
                (PostDraft(Role.GRID_WORKER, code),),
                phone=f"1430001{work.n_workers:04d}",
                work_phone=f"0797-01{work.n_workers:05d}",
                is_party_member=bool(rng.random() < 0.5),
            )
        )
    return work.workers[code]


def _move_in(work: Placer, code: str, sizes: list[int], workers: list[str], rng: Generator) -> None:
    """Give each building of a grid its households, tall ones more; neighbours share a worker."""
    town = work.town
    own = [index for index, row in enumerate(town.buildings) if row.grid == code]
    room = np.array([town.buildings[index].n_floors for index in own], dtype=float)
    edges = np.rint(np.cumsum(room) / room.sum() * len(sizes)).astype(int)
    whose = np.repeat(workers, [len(part) for part in np.array_split(sizes, len(workers))])
    first = 0
    for index, last in zip(own, edges.tolist(), strict=True):
        row = town.buildings[index]
        homes = tuple(
            _household(rng, row, n - first, sizes[n], str(whose[n])) for n in range(first, last)
        )
        town.buildings[index], first = replace(row, households=homes), last


def _household(
    rng: Generator, row: BuildingDraft, room: int, size: int, worker: str
) -> HouseholdDraft:
    """Return a household; most who live here are old."""
    n_old = int((rng.random(min(size, 2)) < 0.85).sum())
    n_young = int((rng.random(size - max(n_old, 1)) < 0.3).sum())
    floors = max(row.n_floors, 1)
    number = f"{room // floors + 1}单元{room % floors + 1}01"
    return HouseholdDraft(number, size, n_old, n_young, worker)
