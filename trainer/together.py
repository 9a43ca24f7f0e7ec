"""Networks that are computed at once: their progress, and the state that they resume from.

S networks (seeds), B images of a batch, C channels of one network, M = S·C, H height, W width,
K classes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn

from app.experiments.recipes import Recipe
from trainer.errors import Diverged
from trainer.flat import Flat
from trainer.outcome import Epoch

_KINDS: Final[Mapping[str, Callable[..., torch.optim.Optimizer]]] = {
    "adadelta": torch.optim.Adadelta,
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": torch.optim.SGD,
}


class Together:
    """The networks of seeds that are computed at once, with their optimiser and progress.

    Attributes
    ----------
    network
        images_BMHW to logits_SBK.
    epochs
        What each epoch measured of each seed.
    failures
        Why a seed was given up. Its network is still computed, without effect on the others.
    """

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        seeds: Sequence[int],
        orders: Sequence[torch.Generator],
        dropouts: Sequence[torch.Generator],
    ) -> None:
        self.network = network
        self.seeds = tuple(seeds)
        self.orders, self.dropouts = orders, dropouts
        self.parameters = Flat(network)
        self.optimizer = _optimizer(recipe, self.parameters.vector)
        self.epochs: dict[int, tuple[Epoch, ...]] = dict.fromkeys(seeds, ())
        self.failures: dict[int, Diverged] = {}

    @property
    def is_over(self) -> bool:
        """Whether all seeds were given up."""
        return len(self.failures) == len(self.seeds)

    def state(self) -> Iterator[dict[str, Tensor]]:
        """Yield everything that each seed needs to resume from here, on the CPU."""
        parts: list[dict[str, Tensor]] = [{} for _ in self.seeds]
        for name, values in self._named_state():
            for part, value in zip(parts, _shares(values, len(parts)), strict=True):
                part[name] = value.detach().cpu().contiguous().clone()
        for part, order, dropout in zip(parts, self.orders, self.dropouts, strict=True):
            yield part | {"order": order.get_state(), "dropout": dropout.get_state()}

    def restore(self, parts: Sequence[Mapping[str, Tensor]]) -> None:
        """Restore what :meth:`state` of equal networks yielded, seed by seed."""
        self.parameters.vector.grad = torch.zeros_like(self.parameters.vector)
        self.optimizer.step()  # makes the state that is overwritten next
        with torch.no_grad():
            for name, values in self._named_state():
                for share, part in zip(_shares(values, len(parts)), parts, strict=True):
                    share.copy_(part[name])
        for part, order, dropout in zip(parts, self.orders, self.dropouts, strict=True):
            order.set_state(part["order"])
            dropout.set_state(part["dropout"])

    def _named_state(self) -> Iterator[tuple[str, Tensor]]:
        """Yield by name all tensors that training changes: parameters, buffers, optimiser state."""
        yield from self.network.state_dict().items()
        for name, value in self.optimizer.state[self.parameters.vector].items():
            if value.ndim == 0:
                yield f"optimizer.{name}", value
            else:
                views = self.parameters.views(value)
                yield from ((f"optimizer.{name}.{index}", view) for index, view in enumerate(views))


def _optimizer(recipe: Recipe, vector: torch.nn.Parameter) -> torch.optim.Optimizer:
    kind, own = _KINDS[recipe.optimizer], _own(recipe)
    return kind([vector], lr=recipe.learning_rate, weight_decay=recipe.weight_decay, **own)


def _own(recipe: Recipe) -> Mapping[str, Any]:
    """Return the arguments that only this recipe's optimiser takes, by PyTorch's names."""
    match recipe.optimizer:
        case "adadelta":
            return {"rho": recipe.rho, "eps": recipe.eps}
        case "adam" | "adamw":
            return {"betas": (recipe.beta1, recipe.beta2), "eps": recipe.eps}
        case "sgd":
            return {"momentum": recipe.momentum, "nesterov": recipe.nesterov}


def _shares(values: Tensor, seeds: int) -> Sequence[Tensor]:
    """Divide a stacked tensor among its seeds; a scalar belongs to all of them."""
    return torch.chunk(values, seeds) if values.ndim else [values] * seeds
