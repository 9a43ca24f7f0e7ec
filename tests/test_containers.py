"""What the container files say must be so; ``tests/e2e/test_compose.py`` runs their commands."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import PurePosixPath
from typing import Any

import pytest

from app.config import Settings
from app.keys import PATTERN, new_key
from app.services.keys import key_given
from tests.containers import (
    COMPOSE,
    ROOT,
    MissingError,
    compose,
    image_environment,
    stages,
    words,
)

GIVEN = {"POSTGRES_PASSWORD": "secret", "ISOBUDGET_BOOTSTRAP_KEY": new_key()}
SERVICES: dict[str, Any] = compose(**GIVEN)["services"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OPERATIONS = (ROOT / "docs/operations.md").read_text()
SERVICE_KEYS = {
    *("build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "image", "init"),
    *("ports", "restart", "security_opt", "shm_size", "stop_grace_period", "volumes"),
}
"""Those of the Compose specification that the file uses."""
DURATION = re.compile(r"(\d+h)?(\d+m)?(\d+s)?")


class TestCompose:
    def test_docker_accepts_the_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        command = ["docker", "compose", "--file", str(COMPOSE), "config", "--quiet"]
        if not shutil.which("docker") or subprocess.run([*command[:2], "version"]).returncode:
            pytest.skip("no docker compose: the tests below look at what it would")
        for name, value in GIVEN.items():
            monkeypatch.setenv(name, value)
        subprocess.run(command, check=True)
        monkeypatch.setenv("POSTGRES_PASSWORD", "")
        assert subprocess.run(command).returncode != 0

    def test_only_what_the_specification_names_is_there(self) -> None:
        names = {name for name in compose(**GIVEN) if not name.startswith("x-")}
        assert names == {"name", "services", "volumes"}
        for name, service in SERVICES.items():
            assert set(service) <= SERVICE_KEYS, name
            assert set(service.get("build", {})) <= {"context", "target", "args"}

    @pytest.mark.parametrize("secret", [None, ""])
    @pytest.mark.parametrize("name", GIVEN)
    def test_it_does_not_start_without_its_secrets(self, name: str, secret: str | None) -> None:
        others = {other: value for other, value in GIVEN.items() if other != name}
        given = others if secret is None else {**others, name: secret}
        with pytest.raises(MissingError, match=name):
            compose(**given)

    def test_the_api_that_others_can_reach_has_a_key(self) -> None:
        given = SERVICES["api"]["environment"]["ISOBUDGET_BOOTSTRAP_KEY"]
        assert key_given(Settings(bootstrap_key=given)) == GIVEN["ISOBUDGET_BOOTSTRAP_KEY"]
        others = [service["environment"] for name, service in SERVICES.items() if name != "api"]
        assert not any("ISOBUDGET_BOOTSTRAP_KEY" in environment for environment in others)

    def test_the_key_that_the_operations_page_makes_is_one(self) -> None:
        (made,) = re.findall(r'"ISOBUDGET_BOOTSTRAP_KEY=(isb_[^"]+)"', OPERATIONS)
        command = ["sh", "-c", f'echo "{made}"']
        key = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        assert PATTERN.fullmatch(key)

    def test_no_password_is_in_the_file(self) -> None:
        values = re.findall(r"PASSWORD: *(.*)", COMPOSE.read_text())
        assert len(values) == 2
        assert all(re.fullmatch(r"\$\{POSTGRES_PASSWORD:\?[^}]+\}", value) for value in values)
        assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"] == "secret"

    def test_the_database_comes_first_then_its_schema_then_all_else(self) -> None:
        waits = {
            name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
            for name, service in SERVICES.items()
        }
        assert waits == {
            "postgres": {},
            "migrate": {"postgres": "service_healthy"},
            "api": {"migrate": "service_completed_successfully"},
            "worker": {"migrate": "service_completed_successfully"},
        }
        assert SERVICES["postgres"]["healthcheck"]
        assert SERVICES["migrate"]["restart"] == "no"

    @pytest.mark.parametrize("name", ["postgres", "api"])
    def test_health_checks_are_complete(self, name: str) -> None:
        check = SERVICES[name]["healthcheck"]
        assert check["test"][0] == "CMD"
        assert set(check) == {"test", "interval", "timeout", "retries", "start_period"}
        for times in ("interval", "timeout", "start_period"):
            assert DURATION.fullmatch(check[times])

    def test_volumes_are_declared_and_used(self) -> None:
        used = {mount.split(":")[0] for service in SERVICES.values() for mount in mounts(service)}
        assert used == set(compose(**GIVEN)["volumes"])

    def test_workers_share_data_and_checkpoints_and_can_be_scaled(self) -> None:
        worker = SERVICES["worker"]
        assert {"datasets", "checkpoints"} <= {mount.split(":")[0] for mount in mounts(worker)}
        assert not {"container_name", "ports"} & set(worker)

    def test_every_path_of_the_settings_is_on_a_volume(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in os.environ:
            if name.startswith("ISOBUDGET_"):
                monkeypatch.delenv(name)
        environment = {**image_environment("trainer"), **SERVICES["worker"]["environment"]}
        for name, value in environment.items():
            if name != "PATH":
                monkeypatch.setenv(name, value)
        volumes = [PurePosixPath(mount.split(":")[1]) for mount in mounts(SERVICES["worker"])]
        paths = [PurePosixPath(str(value)) for _, value in Settings() if str(value).startswith("/")]
        assert paths
        for path in paths:
            assert any(path.is_relative_to(volume) for volume in volumes), path

    def test_the_api_listens_to_this_machine_only(self) -> None:
        assert SERVICES["api"]["ports"] == ["127.0.0.1:8000:8000"]
        moved = compose(**GIVEN, ISOBUDGET_PORT="9000")["services"]["api"]
        assert moved["ports"] == ["127.0.0.1:9000:8000"]
        assert moved["environment"]["ISOBUDGET_PORT"] == "8000"
        others = [name for name in SERVICES if name != "api"]
        assert not any("ports" in SERVICES[name] for name in others)

    def test_every_variable_of_ours_is_a_setting(self) -> None:
        for service in SERVICES.values():
            for name in service["environment"]:
                if name.startswith("ISOBUDGET_"):
                    assert name.removeprefix("ISOBUDGET_").lower() in Settings.model_fields

    def test_every_variable_that_an_operator_may_set_is_described(self) -> None:
        for name in set(re.findall(r"\$\{(\w+)", COMPOSE.read_text())):
            assert f"`{name}`" in OPERATIONS, name

    def test_images_are_built_from_the_targets_they_need(self) -> None:
        targets = {name: service["build"]["target"] for name, service in built().items()}
        assert targets == {"migrate": "api", "api": "api", "worker": "trainer"}
        assert set(targets.values()) <= set(stages())
        for service in built().values():
            assert service["image"] == f"isobudget-{service['build']['target']}"

    def test_what_is_ours_has_no_privileges(self) -> None:
        for service in built().values():
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]

    def test_the_server_is_of_the_version_that_the_images_can_back_up(self) -> None:
        image = SERVICES["postgres"]["image"]
        assert re.fullmatch(r"postgres:15(\.\d+)?-bookworm", image)  # Debian 12 has version 15
        assert stages()["base"].base.endswith("-bookworm")
        assert any("postgresql-client" in text for text in stages()["base"].all("RUN"))


def mounts(service: dict[str, Any]) -> list[str]:
    found: list[str] = service.get("volumes", [])
    return found


def built() -> dict[str, Any]:
    return {name: service for name, service in SERVICES.items() if "build" in service}


class TestDockerfile:
    @pytest.mark.parametrize("target", ["api", "trainer"])
    def test_images_run_our_command_as_a_user_without_rights(self, target: str) -> None:
        stage = stages()[target]
        (program,) = words(stage.last("ENTRYPOINT"))
        assert program in PROJECT["project"]["scripts"]
        assert stage.last("USER") == "isobudget"
        assert any("useradd --system --uid 10001" in text for text in stages()["base"].all("RUN"))

    def test_what_an_image_does_by_itself_is_what_compose_has_it_do(self) -> None:
        assert words(stages()["api"].last("CMD")) == SERVICES["api"]["command"]
        assert words(stages()["trainer"].last("CMD")) == SERVICES["worker"]["command"]

    def test_the_api_has_no_pytorch_and_the_trainer_has(self) -> None:
        (api,) = [text for text in stages()["build-api"].all("RUN") if "pip install" in text]
        (trainer,) = stages()["build-trainer"].all("RUN")
        assert '".[postgres]"' in api
        assert '".[postgres,trainer]"' in trainer
        assert {"postgres", "trainer"} <= set(PROJECT["project"]["optional-dependencies"])
        for name in ("api", "trainer"):
            (copied,) = stages()[name].all("COPY")
            assert copied == f"--from=build-{name} /opt/isobudget /opt/isobudget"

    def test_versions_are_those_that_are_tested(self) -> None:
        installs = [
            text
            for stage in stages().values()
            for text in stage.all("RUN")
            if "pip install" in text
        ]
        assert len(installs) == 2
        assert all("--constraint constraints.txt" in text for text in installs)

    @pytest.mark.parametrize("name", ["build-api", "build-trainer"])
    def test_pip_can_be_told_where_to_install_from(self, name: str) -> None:
        declared = {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"}
        assert set(stages()[name].all("ARG")) == declared
        for service in built().values():
            assert set(service["build"]["args"]) == declared
            assert set(service["build"]["args"].values()) == {""}  # which pip takes for none

    def test_no_place_to_install_from_is_named(self) -> None:
        for file in ("Dockerfile", ".dockerignore"):
            assert "://" not in (ROOT / file).read_text()
        assert set(re.findall(r"\w+(?:\+\w+)?://\S+", COMPOSE.read_text())) == {
            "postgresql+psycopg://isobudget@postgres:5432/isobudget"
        }
        for stage in stages().values():
            assert stage.base in stages() or "/" not in stage.base

    def test_all_that_is_installed_is_copied_and_not_ignored(self) -> None:
        copied = {
            source for text in stages()["build-api"].all("COPY") for source in text.split()[:-1]
        }
        packages = {name.split(".")[0] for name in PROJECT["tool"]["setuptools"]["packages"]}
        files = {"constraints.txt", "pyproject.toml", "setup.py", "LICENSE"}
        files |= {PROJECT["project"]["readme"], "examples"}
        assert copied == packages | files
        assert kept() == copied
        assert all((ROOT / name).exists() for name in copied)


def kept() -> set[str]:
    """What gets into the build; secrets and what git ignores do not."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    return {pattern[1:] for pattern in patterns if pattern.startswith("!")}
