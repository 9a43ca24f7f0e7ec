"""Stored architectures and variants."""

from functools import cached_property

from app.client import calls
from app.client.data import ArchitectureData, VariantData
from app.client.driving import run
from app.client.flows import Flows
from app.schemas.architectures import ArchitectureView
from app.schemas.variants import VariantView


class StoredArchitecture(ArchitectureData):
    """A stored architecture."""

    def __init__(self, flows: Flows, view: ArchitectureView) -> None:
        super().__init__(view)
        self._flows = flows

    @cached_property
    def source(self) -> str:
        """The network as PyTorch source: the text of a ``model.py`` that needs nothing else."""
        return run(self._flows.ask(calls.source("architectures", self.id)))

    def onnx(self) -> bytes:
        """The network as an ONNX file with PyTorch's initial weights, which takes some seconds.

        Raises
        ------
        ServerError
            The service lacks what writes ONNX (501), or gave the file up.
        InvalidError
            The network is too large for a server, or ONNX cannot express it.
        """
        return run(self._flows.ask(calls.onnx("architectures", self.id)))


class Variant(VariantData):
    """A variant that a search found."""

    def __init__(self, flows: Flows, view: VariantView) -> None:
        super().__init__(view)
        self._flows = flows

    @cached_property
    def source(self) -> str:
        """The network as PyTorch source: the text of a ``model.py`` that needs nothing else."""
        return run(self._flows.ask(calls.source("variants", self.id)))

    def onnx(self) -> bytes:
        """The network as an ONNX file with PyTorch's initial weights, which takes some seconds.

        Raises
        ------
        ServerError
            The service lacks what writes ONNX (501), or gave the file up.
        InvalidError
            The network is too large for a server, or ONNX cannot express it.
        """
        return run(self._flows.ask(calls.onnx("variants", self.id)))
