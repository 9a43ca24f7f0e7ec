"""How networks are trained: frozen, versioned recipes that the API and the trainer share."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from app.experiments.catalogue import content_id
from solver.network.schema import ANSWERED, Flag, Schema
from solver.network.sentences import expected

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False, strict=True)]
Decay = Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False, strict=True)]


def _whole(value: Any) -> Any:
    """Refuse ``true`` and ``1.0``, which Python holds to be 1."""
    if type(value) is not int:
        raise expected("1")
    return value


class Recipe(Schema):
    """How a network is trained: all that a result depends on besides network, data and seed.

    Images are in [0, 1] and not augmented. A run's accuracy is measured after its last epoch. A
    change of a named recipe gets a new ``version``.
    """

    model_config = ANSWERED

    name: Literal["paper", "fast", "sgd", "adam"] = Field(
        default="paper", description="The recipe that fields which are left out are taken from"
    )
    version: Annotated[Literal[1], BeforeValidator(_whole)] = Field(
        default=1, description="The version of the named recipe"
    )
    batch_size: Annotated[int, Field(ge=1, le=65_536, strict=True)] = Field(
        default=100,
        description="In images. The last batch of an epoch is smaller where the images do not "
        "divide; a single image that is left over joins the batch before it",
    )
    epochs: Annotated[int, Field(ge=1, le=10_000, strict=True)] = Field(
        default=10, description="Passes over the training images"
    )
    optimizer: Literal["adadelta", "adamw", "adam", "sgd"] = Field(
        default="adadelta", description="The optimizer of this name in `torch.optim`"
    )
    learning_rate: Positive = Field(default=1.0, description="The highest learning rate")
    rho: Annotated[float, Field(ge=0.0, le=1.0, strict=True)] | None = Field(
        default=None, description="Only `adadelta` has it; `null` for others"
    )
    beta1: Decay | None = Field(
        default=None, description="Only `adam` and `adamw` have it; `null` for others"
    )
    beta2: Decay | None = Field(
        default=None, description="Only `adam` and `adamw` have it; `null` for others"
    )
    momentum: Decay | None = Field(default=None, description="Only `sgd` has it; `null` for others")
    nesterov: Flag | None = Field(
        default=None,
        description="Whether `sgd` looks ahead, which takes momentum; `null` for others",
    )
    eps: Positive | None = Field(
        default=None, description="The optimizer's `eps`; `sgd` has none, and `null`"
    )
    weight_decay: Annotated[float, Field(ge=0.0, allow_inf_nan=False, strict=True)] = Field(
        default=0.0, description="The optimizer's `weight_decay`"
    )
    schedule: Literal["constant", "one_cycle"] = Field(
        default="constant",
        description="`one_cycle` raises the learning rate linearly during the first fifth of all "
        "steps, and then lowers it linearly to 0",
    )
    autocast: Flag = Field(
        default=False,
        description="Whether the network computes in bfloat16 where PyTorch considers it safe",
    )
    tf32: Flag = Field(default=False, description="Whether a CUDA device may round factors to TF32")
    warm_start: Flag = Field(
        default=False,
        description="Whether variants start with the final weights of the original's run with the "
        "same seed, where layers of the same name have tensors of the same shape. Studies refuse "
        "it, since variants are then trained longer than originals",
    )

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
        for name in _OWN:
            belongs = name in OPTIMIZERS[self.optimizer]
            if (getattr(self, name) is not None) != belongs:
                text = "'{name}' does not belong to the optimizer '{optimizer}'"
                if belongs:
                    text = "the optimizer '{optimizer}' needs '{name}'"
                context = {"name": name, "optimizer": self.optimizer}
                raise PydanticCustomError("optimizer", text, context)
        if self.nesterov and not self.momentum:
            raise PydanticCustomError("optimizer", "'nesterov' needs a 'momentum' above 0")
        return self

    @property
    def hash(self) -> str:
        """Hash of the content: part of a run's identity.

        A field that was added later is left out while it has the value that all earlier recipes
        had, so that earlier runs keep their identity.
        """
        content = self.model_dump(mode="json")
        return content_id({name: content[name] for name in content if not self._is_as_before(name)})

    @property
    def cold(self) -> "Recipe":
        """This recipe for networks that start anew, as originals do."""
        return self.model_copy(update={"warm_start": False})

    def _is_as_before(self, name: str) -> bool:
        return name in _LATER and getattr(self, name) == _LATER[name]


class RecipeChanges(Recipe):
    """Changes of a named recipe: ``name`` chooses it, and other fields replace its values.

    A field that is left out has the named recipe's value. In code, an object holds all fields.
    """

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        """Describe no defaults, since they depend on the recipe that ``name`` chooses."""
        reference = handler(core_schema)
        for field in handler.resolve_ref_schema(reference)["properties"].values():
            field.pop("default", None)
        return reference


_BETAS: Final = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}

OPTIMIZERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "adadelta": {"learning_rate": 1.0, "rho": 0.9, "eps": 1e-6},
    "adamw": _BETAS,
    "adam": _BETAS,
    "sgd": {"learning_rate": 1e-3, "momentum": 0.0, "nesterov": False},
}
"""The values that ``torch.optim`` itself would take, for each optimiser."""

_OWN: Final = ("rho", "beta1", "beta2", "momentum", "nesterov", "eps")
"""Fields that some optimisers have and others do not."""

_TUNED: Final = ("optimizer", "learning_rate", *_OWN)

_LATER: Final[Mapping[str, Any]] = {
    "beta1": None,
    "beta2": None,
    "momentum": None,
    "nesterov": None,
    "schedule": "constant",
    "autocast": False,
    "tf32": False,
    "warm_start": False,
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
    "sgd": {
        "optimizer": "sgd",
        "learning_rate": 0.05,
        "momentum": 0.9,
        "nesterov": True,
        "schedule": "one_cycle",
    },
    "adam": {"optimizer": "adam"},
}
"""The paper's recipe, and others that people use: see docs/training.md."""
