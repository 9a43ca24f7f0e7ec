"""What a wheel holds: our packages, nothing else at its top, and the examples inside one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.slow  # builds a wheel

ROOT = Path(__file__).parents[1]
SOURCES = ("app", "examples", "migrations", "solver", "trainer")
FILES = ("LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py")
BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel of a copy of this checkout holds."""
    place = tmp_path_factory.mktemp("wheel")
    source, wheels, target = (place / name for name in ("source", "wheels", "installed"))
    source.mkdir()
    for name in SOURCES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-c", BUILD, str(wheels)]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    ZipFile(wheel).extractall(target)
    return target


def test_nothing_but_our_packages_is_at_the_top(installed: Path) -> None:
    packages = {path.name for path in installed.iterdir() if path.suffix != ".dist-info"}
    assert packages == {"app", "migrations", "solver", "trainer"}


def test_every_package_of_the_checkout_is_installed(installed: Path) -> None:
    for name in ("app", "migrations", "solver", "trainer"):
        inside = {path.relative_to(installed) for path in (installed / name).rglob("*.py")}
        assert inside == {path.relative_to(ROOT) for path in (ROOT / name).rglob("*.py")}


def test_templates_and_data_of_the_checkout_are_installed(installed: Path) -> None:
    inside, wanted = (data_of(place / "app" / "ui") for place in (installed, ROOT))
    assert inside == wanted
    assert {"base.html", "published.json"} < {path.name for path in wanted}


def data_of(folder: Path) -> set[Path]:
    """The files that are no code."""
    files = (path for path in folder.rglob("*.*") if path.suffix not in (".py", ".pyc"))
    return {path.relative_to(folder) for path in files}


def test_an_installed_app_has_the_examples_of_the_checkout(installed: Path) -> None:
    code = "import app.api.examples, app.shipped; print(app.shipped.__file__)"
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=installed.parent,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert said.strip() == str(installed / "app" / "shipped.py")
    carried = {file.name: file.read_text() for file in (installed / "app/examples").iterdir()}
    assert carried == {file.name: file.read_text() for file in (ROOT / "examples").glob("*.json")}
