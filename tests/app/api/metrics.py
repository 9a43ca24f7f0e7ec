"""``/metrics``, read as Prometheus does."""

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

Samples = dict[tuple[str, tuple[str, ...]], float]


def read(client: TestClient) -> Samples:
    """The value of every series, by its name and its labels' values."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sample.labels[name] for name in _order(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def _order(labels: dict[str, str]) -> list[str]:
    declared = ("method", "route", "status", "state", "le")
    return [name for name in declared if name in labels]
