"""The layers of a network as a table for spreadsheets."""

from operator import attrgetter
from typing import Final

from app.web.tables import Columns
from solver.network.counting import LayerReport

LAYERS: Final[Columns[LayerReport]] = {
    "name": attrgetter("name"),
    "type": attrgetter("type"),
    "output": lambda it: "x".join(map(str, it.output)),
    "params": attrgetter("params"),
    "macs": attrgetter("macs"),
    "flops": attrgetter("flops"),
    "receptive_field": attrgetter("receptive_field"),
}
