"""What pyproject.toml cannot say: a wheel carries ``examples/*.json`` inside the package ``app``.

A ``package-dir`` entry would do so, too, but it turns an editable installation into an import hook,
which no longer finds ``tests`` and ``benchmarks``.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithExamples(build_py):
    """Copies the examples beside the app's modules."""

    def run(self) -> None:
        """Build; an editable installation reads the examples where they are."""
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.build_lib, "app", "examples")
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(Path("examples").glob("*.json")):
            self.copy_file(str(file), str(folder / file.name))


setup(cmdclass={"build_py": BuildWithExamples})
