"""Stored architectures and variants."""

from collections.abc import Awaitable

from app.client import calls
from app.client.data import ArchitectureData, VariantData
from app.client.flows import Flows
from app.schemas.architectures import ArchitectureView
from app.schemas.variants import VariantView


class AsyncStoredArchitecture(ArchitectureData):
    """A stored architecture."""

    def __init__(self, flows: Flows, view: ArchitectureView) -> None:
        super().__init__(view)
        self._flows = flows

    @property
    def source(self) -> Awaitable[str]:
        """The network as PyTorch source, which is fetched: ``await architecture.source``."""
        return self._flows.ask(calls.source("architectures", self.id))

    async def onnx(self) -> bytes:
        """The network as an ONNX file with PyTorch's initial weights."""
        return await self._flows.ask(calls.onnx("architectures", self.id))


class AsyncVariant(VariantData):
    """A variant that a search found."""

    def __init__(self, flows: Flows, view: VariantView) -> None:
        super().__init__(view)
        self._flows = flows

    @property
    def source(self) -> Awaitable[str]:
        """The network as PyTorch source, which is fetched: ``await variant.source``."""
        return self._flows.ask(calls.source("variants", self.id))

    async def onnx(self) -> bytes:
        """The network as an ONNX file with PyTorch's initial weights."""
        return await self._flows.ask(calls.onnx("variants", self.id))
