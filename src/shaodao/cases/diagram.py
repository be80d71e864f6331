"""The life of a case drawn from the table, for the documentation."""

from .policy import ENDED, MOVES, PLACES, Status


def mermaid() -> str:
    """Return the state diagram of the whole table in Mermaid's language, moves by label."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for move in MOVES.values():
        for source in sorted(move.sources):
            if move.target is not None and move.target != source:
                arrows.setdefault((source.value, move.target.value), []).append(move.label)
    lines = ["stateDiagram-v2", "  direction LR"]
    lines += [f"  {status.value}: {PLACES[status].label}" for status in Status]
    lines += ["  [*] --> RECEIVED: 收到诉求"]
    lines += [f"  {a} --> {b}: {'、'.join(labels)}" for (a, b), labels in sorted(arrows.items())]
    lines += [f"  {status.value} --> [*]" for status in sorted(ENDED)]
    return "\n".join(lines)


def table() -> str:
    """Return the moves as a Markdown table: from, to, by whom, with what, and the clocks."""
    rows = ["| 动作 | 代码 | 从 | 到 | 谁 | 需要 | 时钟 |", "|---|---|---|---|---|---|---|"]
    for m in MOVES.values():
        source = "任何状态" if len(m.sources) == len(Status) else _labels(m.sources)
        who = "；".join(_who(by) for by in m.by)
        target = PLACES[m.target].label if m.target else "不变"
        needs = "、".join(m.needs) or "无"
        rows.append(
            f"| {m.label} | `{m.name}` | {source} | {target} | {who} | {needs} | {m.clock} |"
        )
    return "\n".join(rows)


def _labels(statuses) -> str:
    return "、".join(PLACES[s].label for s in Status if s in statuses)


def _who(by) -> str:
    tiers = "/".join(sorted(by.tiers)) if by.tiers else ""
    asked = f"（{'、'.join(by.askers)} 申请）" if by.askers else ""
    return f"{by.role}{'@' + tiers if tiers else ''}{asked}"
