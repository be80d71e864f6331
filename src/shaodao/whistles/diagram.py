"""The life of a whistle and of a summons drawn from the tables, for the documentation."""

from collections.abc import Iterable, Mapping

from .policy import (
    ENDED,
    MOVES,
    OVER,
    OVER_LABELS,
    STAGE_LABELS,
    STATE_LABELS,
    SUMMONS_MOVES,
    Move,
)


def whistle_diagram() -> str:
    """Return the stages of a whistle in Mermaid's language."""
    lines = _head(STAGE_LABELS)
    lines += ["  [*] --> DRAFT: 拟哨"]
    lines += _arrows(m for m in MOVES.values() if m.target)
    lines += [
        "  BLOWN --> CONFERRING: 主办报到",
        "  BLOWN --> HANDLING: 主办报到（应急、只有一家或已会商）",
        "  CONFERRING --> HANDLING: 会商定责",
        "  CONFERRING --> BLOWN: 主办换成还没到的单位",
        "  HANDLING --> BLOWN: 主办换成还没到的单位",
        "  HANDLING --> AWAITING: 各家都交了结果，主办最后",
        "  AWAITING --> HANDLING: 返工",
        "  AWAITING --> CLOSED: 验收销哨",
    ]
    lines += [f"  {stage.value} --> [*]" for stage in sorted(ENDED)]
    return "\n".join(lines)


def summons_diagram() -> str:
    """Return the states of one unit's summons in Mermaid's language, moves by label."""
    lines = [*_head(STATE_LABELS), "  [*] --> SENT: 发哨"]
    lines += _arrows(m for m in SUMMONS_MOVES.values() if m.target)
    lines += [f"  {state.value} --> [*]" for state in sorted(OVER)]
    return "\n".join(lines)


def whistle_table() -> str:
    """Return the moves of a whistle as a Markdown table."""
    return _table(MOVES.values(), STAGE_LABELS, "由报到单位的状态推出")


def summons_table() -> str:
    """Return the moves of a summons as a Markdown table."""
    return _table(SUMMONS_MOVES.values(), STATE_LABELS, "不变")


def _head(labels: Mapping) -> list[str]:
    return [
        "stateDiagram-v2",
        "  direction LR",
        *(f"  {code.value}: {label}" for code, label in labels.items()),
    ]


def _arrows(moves: Iterable[Move]) -> list[str]:
    arrows: dict[tuple[str, str], list[str]] = {}
    for move in moves:
        for source in sorted(move.sources):
            arrows.setdefault((str(source), str(move.target)), []).append(move.label)
    return [f"  {a} --> {b}: {'、'.join(labels)}" for (a, b), labels in sorted(arrows.items())]


def _table(moves: Iterable[Move], labels: Mapping, stays: str) -> str:
    rows = ["| 动作 | 代码 | 从 | 到 | 谁 | 需要 |", "|---|---|---|---|---|---|"]
    for move in moves:
        source = "、".join(label for code, label in labels.items() if code in move.sources)
        target = next((label for code, label in labels.items() if code == move.target), stays)
        who = "；".join(f"{OVER_LABELS[by.over]}：{'、'.join(sorted(by.roles))}" for by in move.by)
        needs = "、".join(move.needs) or "无"
        rows.append(f"| {move.label} | `{move.name}` | {source} | {target} | {who} | {needs} |")
    return "\n".join(rows)
