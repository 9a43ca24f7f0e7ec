"""How networks are trained: frozen, versioned recipes that the API and the trainer share."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.experiments.catalogue import content_id
from solver.network.schema import Flag, Schema
from solver.network.sentences import expected

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False, strict=True)]
Decay = Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False, strict=True)]


def _whole(value: Any) -> Any:
    """Refuse ``true`` and ``1.0``, which Python holds to be 1."""
    if type(value) is not int:
        raise expected("1")
    return value


class Recipe(Schema):
    """Everything that a training depends on besides network, data and seed.

    Images are in [0, 1] and not augmented; accuracy is that after the last epoch. Given only some
    fields, the others are those of the recipe ``name``, which is ``paper`` unless given. A change
    of a named recipe gets a new ``version``.

    Attributes
    ----------
    batch_size
        In images. The last batch of an epoch holds what is left over; a single image that is left
        over joins the batch before it, since a batch norm may have nothing to normalise in one.
    epochs
        Passes over the training split.
    optimizer
        Of ``torch.optim``; ``rho`` belongs to ``adadelta``, ``beta1`` and ``beta2`` to ``adamw``,
        and are ``None`` for the other.
    learning_rate
        The highest one.
    schedule
        ``constant``, or ``one_cycle``: straight up during the first fifth of all steps, and
        straight down to nothing at the end.
    autocast
        Whether a network computes in bfloat16 where PyTorch holds that to be safe.
    tf32
        Whether a CUDA device may round what it multiplies to TF32.
    """

    name: Literal["paper", "fast"] = "paper"
    version: Annotated[Literal[1], BeforeValidator(_whole)] = 1
    batch_size: Annotated[int, Field(ge=1, le=65_536, strict=True)] = 100
    epochs: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 10
    optimizer: Literal["adadelta", "adamw"] = "adadelta"
    learning_rate: Positive = 1.0
    rho: Annotated[float, Field(ge=0.0, le=1.0, strict=True)] | None = None
    beta1: Decay | None = None
    beta2: Decay | None = None
    eps: Positive = 1e-6
    weight_decay: Annotated[float, Field(ge=0.0, allow_inf_nan=False, strict=True)] = 0.0
    schedule: Literal["constant", "one_cycle"] = "constant"
    autocast: Flag = False
    tf32: Flag = False

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        """Fill in the fields that follow from the named recipe and the optimiser."""
        if not isinstance(given, Mapping):
            return given
        name = given.get("name", "paper")
        named = NAMED.get(name, {}) if isinstance(name, str) else {}
        usual = named.get("optimizer", "adadelta")
        optimizer = given.get("optimizer", usual)
        own = OPTIMIZERS.get(optimizer, {}) if isinstance(optimizer, str) else {}
        if optimizer != usual:
            named = {name: value for name, value in named.items() if name not in _TUNED}
        return {**own, **named, **given}

    @model_validator(mode="after")
    def _matching(self) -> "Recipe":
        for name in ("rho", "beta1", "beta2"):
            belongs = name in OPTIMIZERS[self.optimizer]
            if (getattr(self, name) is not None) != belongs:
                text = "'{name}' does not belong to the optimizer '{optimizer}'"
                if belongs:
                    text = "the optimizer '{optimizer}' needs a '{name}'"
                context = {"name": name, "optimizer": self.optimizer}
                raise PydanticCustomError("optimizer", text, context)
        return self

    @property
    def hash(self) -> str:
        """Hash of the content: part of a run's identity.

        A field that was added later is left out while it has the value that all earlier recipes
        had, so that earlier runs keep their identity.
        """
        content = self.model_dump(mode="json")
        return content_id({name: content[name] for name in content if not self._is_as_before(name)})

    def _is_as_before(self, name: str) -> bool:
        return name in _LATER and getattr(self, name) == _LATER[name]


OPTIMIZERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "adadelta": {"learning_rate": 1.0, "rho": 0.9, "eps": 1e-6},
    "adamw": {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
}
"""The values that ``torch.optim`` itself would take, for each optimiser."""

_TUNED: Final = ("optimizer", "learning_rate", "rho", "beta1", "beta2", "eps")

_LATER: Final[Mapping[str, Any]] = {
    "beta1": None,
    "beta2": None,
    "schedule": "constant",
    "autocast": False,
    "tf32": False,
}

NAMED: Final[Mapping[str, Mapping[str, Any]]] = {
    "paper": {},  # the defaults of the fields
    "fast": {
        "batch_size": 100,
        "epochs": 4,
        "optimizer": "adamw",
        "learning_rate": 0.01,
        "schedule": "one_cycle",
    },
}
"""The paper's recipe, and one that reaches its accuracy sooner: see docs/training.md."""
