"""The options of ``isobudget solve`` for approach V, which changes all widths."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

from app.cli.option_values import without_none
from app.cli.parameters import option
from app.errors import Fault

WHOLE: Final = "Approach V: all widths of a network"

Ratio = Annotated[
    str | None,
    option("Bounds of each width, as ratios to the original's.", "LOW:HIGH", "0.5:2", WHOLE),
]
Step = Annotated[
    int | None, option("Channels are multiples of this, where possible.", "N", "1", WHOLE)
]
Freeze = Annotated[
    list[str] | None,
    option("Widths that stay, by layer; * is any text. May be repeated.", "PATTERN", panel=WHOLE),
]
Group = Annotated[
    list[str] | None,
    option("Channels of one group: one option for each.", "NAME=LOW:HIGH", panel=WHOLE),
]
Grouped = Annotated[
    str | None,
    option("What stays of grouped convolutions.", "width|number", "width", WHOLE),
]
Squeeze = Annotated[
    str | None,
    option("Whether squeeze layers have widths of their own.", "free|ratio", "free", WHOLE),
]
Macs = Annotated[
    bool | None,
    option("FLOPs without pools and biases, as the literature counts.", panel=WHOLE),
]
MaxActivationBytes = Annotated[
    int | None, option("Most bytes alive at once.", "BYTES", panel=WHOLE)
]
Dtype = Annotated[
    str | None, option("Of the tensors in those bytes.", "float32|float16|int8", "float32", WHOLE)
]
MaxParams = Annotated[int | None, option("Most parameters.", "N", panel=WHOLE)]


def widths_of(
    ratio: str | None,
    group: Sequence[str] | None,
    **others: Any,
) -> tuple[dict[str, Any], list[Fault]]:
    """The fields of ``widths`` that were given, and a fault for each that cannot be read."""
    faults: list[Fault] = []
    groups = dict(_groups(group or (), faults))
    given = {**others, "ratio": _ratio(ratio, faults), "groups": groups or None}
    return without_none(given), faults


def _ratio(text: str | None, faults: list[Fault]) -> list[float] | None:
    if text is None:
        return None
    try:
        low, high = map(float, text.split(":"))
    except ValueError:
        faults.append(Fault("--ratio", f"'{text}' cannot be read; write LOW:HIGH, as in 0.5:2"))
        return None
    return [low, high]


def _groups(texts: Sequence[str], faults: list[Fault]) -> Iterator[tuple[str, list[int]]]:
    """Yield what ``conv1=32:96`` says; a single number is a range of one."""
    for text in texts:
        name, equals, bounds = text.partition("=")
        low, _, high = bounds.partition(":")
        try:
            pair = [int(low), int(high or low)]
        except ValueError:
            equals = ""
        if equals:
            yield name, pair
        else:
            reason = f"'{text}' cannot be read; write NAME=LOW:HIGH, as in conv1=32:96"
            faults.append(Fault("--group", reason))
