"""What is in the wheel, and that what is imported outside the tree is the wheel."""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pulumi_hubassoc

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from the tree."""
    if not (ROOT / "pulumi_hubassoc").is_dir():
        pytest.skip("runs outside the tree: the wheel is what is installed")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_wheel_tells_pulumi_that_there_is_no_plugin(wheel: zipfile.ZipFile) -> None:
    """Without the file Pulumi would try to download a plugin named after the distribution."""
    assert json.loads(wheel.read("pulumi_hubassoc/pulumi-plugin.json")) == {"resource": False}


def test_wheel_holds_the_package_alone_and_whole(wheel: zipfile.ZipFile) -> None:
    """Every file of the package is in it, nothing of tests, and of the examples the demo's program alone."""
    names = {n for n in wheel.namelist() if ".dist-info/" not in n}
    assert all(n.startswith("pulumi_hubassoc/") for n in names)
    package = ROOT / "pulumi_hubassoc"
    wanted = {
        p.relative_to(ROOT).as_posix() for p in package.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    }
    assert wanted <= names
    assert "pulumi_hubassoc/py.typed" in names
    program = (ROOT / "examples/quickstart/__main__.py").read_bytes()
    assert wheel.read("pulumi_hubassoc/cli/project/examples/quickstart/__main__.py.txt") == program
    assert any(n.endswith(".dist-info/licenses/LICENSE") for n in wheel.namelist())


def test_installed_package_is_found_as_pulumi_looks_for_it() -> None:
    """Pulumi maps the distribution's name to a module and looks beside it for the file."""
    name = "pulumi-hubassoc"
    assert importlib.metadata.version(name)
    spec = importlib.util.find_spec(name.replace("-", "_"))
    assert spec is not None
    assert spec.origin is not None
    assert json.loads((Path(spec.origin).parent / "pulumi-plugin.json").read_text()) == {"resource": False}


def test_outside_the_tree_the_installed_package_is_what_is_tested() -> None:
    """The package under test lies in the tree, or there is no tree at all."""
    location = Path(pulumi_hubassoc.__file__).resolve().parent
    assert location == ROOT / "pulumi_hubassoc" or not (ROOT / "pulumi_hubassoc").exists()
