import json
from pathlib import Path

import pytest

from tests.app.cli.conftest import Isobudget


@pytest.fixture
def _migrated(isobudget: Isobudget, database: Path) -> None:
    assert isobudget("migrate").exit_code == 0


@pytest.mark.usefixtures("_migrated")
class TestPlan:
    def test_sizes_are_shown_with_the_source_of_the_spread(self, isobudget: Isobudget) -> None:
        shown = isobudget("plan", "--dataset", "mnist", "--effect", "0.03")

        assert shown.exit_code == 0
        assert "+3.0 pp" in shown.stdout
        assert "true_minus_upsampled" in shown.stdout
        assert "Spread: " in shown.stdout

    def test_json_is_what_the_api_answers(self, isobudget: Isobudget) -> None:
        shown = isobudget("plan", "--dataset", "mnist", "--effect", "0.03", "--json")

        assert set(json.loads(shown.stdout)) == {"dataset", "source", "spread", "sizes"}

    def test_faults_name_their_options(self, isobudget: Isobudget) -> None:
        for fault in (
            ("--dataset", "cifar10"),
            ("--dataset", "mnist", "--approach", "VI"),
            ("--dataset", "mnist", "--effect", "2"),
        ):
            refused = isobudget("plan", *fault)
            assert refused.exit_code == 2
            assert f"{fault[-2]}: " in refused.stderr
