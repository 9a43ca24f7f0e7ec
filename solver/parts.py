"""Schemas that are made of parts in code and are one flat object in JSON."""

from typing import Any, ClassVar, Self

from pydantic import (
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails

from solver.network.schema import Schema
from solver.network.sentences import again, error, unknown_key


class InParts(Schema):
    """A schema with fields that are ``parts``; JSON has the parts' fields in place of the parts.

    ``SolveRequest`` has a ``problem`` and ``settings``. Its JSON, its JSON schema and the places of
    its faults mention neither. Code may construct it from the parts or from their fields.
    """

    parts: ClassVar[tuple[str, ...]]

    @model_validator(mode="wrap")
    @classmethod
    def _take_apart(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Give each part its fields, and report the faults of all parts as faults of the whole."""
        if not isinstance(data, dict):
            return handler(data)
        faults: list[InitErrorDetails] = []
        inner = dict(data)
        for name in cls.parts:
            part = cls._part(name)
            if isinstance(inner.get(name), part):
                continue
            if name in inner:  # JSON has no such key
                faults.append(error((name,), unknown_key(cls.known_keys(), name)))
            inner[name] = {key: inner.pop(key) for key in part.model_fields if key in inner}
        try:
            made = handler(inner)
            if not faults:
                return made
        except ValidationError as invalid:
            faults += [cls._outside(details) for details in invalid.errors()]
        raise ValidationError.from_exception_data(cls.__name__, faults)

    @model_serializer(mode="wrap")
    def _put_together(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        inner: dict[str, Any] = handler(self)
        parts: dict[str, Any] = {}
        for name in self.parts:
            parts |= inner.pop(name, {})
        return {**parts, **inner}

    @classmethod
    def known_keys(cls) -> list[str]:
        """The parts' keys in place of the parts, then the schema's other keys."""
        own = [name for name in cls.model_fields if name not in cls.parts]
        return [*(key for name in cls.parts for key in cls._part(name).model_fields), *own]

    @classmethod
    def _part(cls, name: str) -> type[Schema]:
        part = cls.model_fields[name].annotation
        assert isinstance(part, type)
        assert issubclass(part, Schema)
        return part

    @classmethod
    def _outside(cls, details: Any) -> InitErrorDetails:
        """The same fault, with its place in the flat object."""
        place = details["loc"]
        return again(details, place[1:] if place[:1] and place[0] in cls.parts else place)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        """Describe the flat object."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        properties, required = schema["properties"], schema.get("required", [])
        for name in cls.parts:
            part = handler.resolve_ref_schema(properties.pop(name))
            properties |= part["properties"]
            required = [*part.get("required", []), *(key for key in required if key != name)]
        schema["required"] = required
        return schema
