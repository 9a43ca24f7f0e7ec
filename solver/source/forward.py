"""The body of ``forward``: which variables hold the tensors, and which layers share a line.

The variable ``x`` goes from layer to layer. What is added to it later on is kept as ``identity``;
other branches have variables named after their first layers.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from solver.network.layers import Add, Chunk, Concat, Join, Mul
from solver.source import identifiers
from solver.source.blocks import Block, Step
from solver.source.printing import INDENT, WIDTH, Call, Expression, flat, lines
from solver.source.rules import rule_of

INPUTS: Final = ("x", "y", "z")
"""What the tensors are called that a module reads."""
_MARGIN: Final = 2 * INDENT
_DEEPEST: Final = 4
"""Most calls within one another on a line."""
_MOST_PARTS: Final = 4
"""Most chunks that are taken apart in one assignment."""


class Statement(NamedTuple):
    """An assignment of an expression, or ``return`` where there is no target."""

    target: str
    expression: Expression
    depth: int = 1

    @property
    def before(self) -> str:
        """What stands before the expression."""
        return f"{self.target} = " if self.target else "return "


class Forward:
    """Writes the statements of one ``forward``, one step after the other.

    Attributes
    ----------
    statements
        Those that are written so far.
    """

    def __init__(self, block: Block) -> None:
        self._steps = block.steps
        self.statements: list[Statement] = []
        self._names = identifiers.variables()
        self._variables = {
            tensor: self._names.give(name)
            for tensor, name in zip(block.reads, INPUTS, strict=False)
        }
        self._readers: dict[int, list[int]] = {tensor: [] for tensor in block.reads}
        for number, step in enumerate(self._steps):
            self._readers[step.makes] = []
            for tensor in dict.fromkeys(step.reads):
                self._readers[tensor].append(number)
        number = 0
        while number < len(self._steps):
            number += self._parts(number) or self._step(number)

    def _step(self, number: int) -> int:
        """Write one step. Returns 1: how many steps that were."""
        step = self._steps[number]
        names = [self._variables[tensor] for tensor in step.reads]
        is_kept = self._is_kept_for_later(number)
        if is_kept:
            self._keep(step.reads[0])
        last = self.statements[-1] if self.statements else None
        for tensor in set(step.reads):
            self._release(tensor, number)
        target = self._target(number, names[0] if is_kept else "")
        if last and self._continues(number, last, names):
            written = Statement(target, _expression(step, [flat(last.expression)]), last.depth + 1)
            if _MARGIN + len(written.before) + len(flat(written.expression)) <= WIDTH:
                self.statements[-1] = written
                return 1
        self.statements.append(Statement(target, _expression(step, names)))
        return 1

    def _continues(self, number: int, last: Statement, names: Sequence[str]) -> bool:
        """Whether a step may be applied to the expression of the statement before it."""
        step = self._steps[number]
        if step.layer is None or rule_of(step.layer).starts or last.depth >= _DEEPEST:
            return False
        is_behind = list(step.reads) == [self._steps[number - 1].makes]
        only = is_behind and self._readers[step.reads[0]] == [number]
        return only and names == [last.target]

    def _parts(self, number: int) -> int:
        """Write chunks of one tensor as one statement. Returns how many steps that were, or 0."""
        first = self._steps[number]
        if not isinstance(first.layer, Chunk) or first.layer.chunks > _MOST_PARTS:
            return 0
        count = first.layer.chunks
        steps = self._steps[number : number + count]
        alike = [
            isinstance(it.layer, Chunk)
            and (it.layer.chunks, it.layer.index, it.reads) == (count, index, first.reads)
            for index, it in enumerate(steps)
        ]
        if count == 1 or len(steps) < count or not all(alike) or steps[-1] is self._steps[-1]:
            return 0
        (tensor,) = first.reads
        value = f"torch.chunk({self._variables[tensor]}, {count}, dim=1)"
        self._release(tensor, number + count - 1)
        wanted = ("left", "right") if count == 2 else [it.name for it in steps]
        for step, name in zip(steps, wanted, strict=True):
            self._variables[step.makes] = self._names.give(name)
        targets = ", ".join(self._variables[it.makes] for it in steps)
        self.statements.append(Statement(targets, value))
        return count

    def _release(self, tensor: int, number: int) -> None:
        """Free the variable of a tensor that is not read behind a step."""
        if self._readers[tensor][-1] <= number:
            self._names.give_back(self._variables[tensor])

    def _target(self, number: int, freed: str) -> str:
        """The variable for what a step makes; empty if that is returned.

        ``freed`` is the variable of a tensor that was kept, if the step reads one.
        """
        step = self._steps[number]
        if number == len(self._steps) - 1:
            return ""
        wanted = freed or self._wanted(number)
        self._variables[step.makes] = self._names.give(wanted)
        return self._variables[step.makes]

    def _wanted(self, number: int) -> str:
        """What the variable of a step is best called."""
        step = self._steps[number]
        ending = [self._variables[it] for it in step.reads if self._readers[it][-1] <= number]
        if len(step.reads) > 1:
            return "x" if self._names.is_free("x") else [*ending, step.name][0]
        if not ending and self._is_gate(number):
            return "gate"
        return ending[0] if ending and not self._is_parallel(number) else step.name

    def _keep(self, tensor: int) -> None:
        """Keep a tensor as ``identity``, so that its variable goes on to what is made of it."""
        variable = self._variables[tensor]
        kept = self._names.give("identity")
        self.statements.append(Statement(kept, variable))
        self._names.give_back(variable)
        self._variables[tensor] = kept

    def _is_kept_for_later(self, number: int) -> bool:
        """Whether a step begins the main path of a residual block: the longer one up to a sum."""
        step = self._steps[number]
        if len(step.reads) != 1:
            return False
        *earlier, last = self._readers[step.reads[0]]
        if earlier[-1:] != [number]:
            return False
        short = self._branch(last)
        end = self._steps[short[-1]].layer
        return isinstance(end, Add) and len(short) <= last - number + 1

    def _is_gate(self, number: int) -> bool:
        """Whether a branch ends in a product with the tensor that it begins with."""
        end = self._steps[self._branch(number)[-1]]
        return isinstance(end.layer, Mul) and self._steps[number].reads[0] in end.reads

    def _is_parallel(self, number: int) -> bool:
        """Whether a step begins one of the branches that are concatenated."""
        if len(self._readers[self._steps[number].reads[0]]) == 1:
            return False
        return isinstance(self._steps[self._branch(number)[-1]].layer, Concat)

    def _branch(self, number: int) -> list[int]:
        """The steps from one to the first that is a join, or whose output several read."""
        found = [number]
        while not isinstance(self._steps[found[-1]].layer, Join):
            behind = self._readers[self._steps[found[-1]].makes]
            if len(behind) != 1:
                break
            found += behind
        return found


def _expression(step: Step, names: Sequence[str]) -> Expression:
    """A step applied to what these names hold."""
    if step.attribute:
        return Call(f"self.{step.attribute}", [("", name) for name in names])
    assert step.layer is not None
    inline = rule_of(step.layer).inline
    assert inline is not None
    return inline(step.layer, names)


def body(block: Block) -> list[str]:
    """The lines of a block's ``forward``."""
    statements = Forward(block).statements
    return [line for it in statements for line in lines(_MARGIN, it.before, it.expression)]
