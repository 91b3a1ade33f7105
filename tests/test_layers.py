"""Who may import whom: imports point one way, and the world stays outside the pure parts."""

from __future__ import annotations

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("timetabling", "tracking", "tasks", "flows")
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in PACKAGES
    for path in ROOT.glob(f"{package}/**/*.py")
)

# For each part (first pattern that fits), what it must not import.
WORLD = {"prefect", "redis", "fastapi", "rich", "typer", "time", "logging", "subprocess", "socket"}
FORBIDDEN: list[tuple[str, set[str]]] = [
    ("timetabling/problem.py", WORLD | {"timetabling", "tracking", "tasks", "flows", "numpy"}),
    ("timetabling/*", WORLD | {"tracking", "tasks", "flows"}),
    ("tracking/*", {"timetabling", "tasks", "flows", "rich", "typer"}),
    ("tasks/*", {"flows", "redis", "rich", "typer"}),
    ("flows/*", {"redis", "ortools", "torch", "cupy", "numba", "networkx"}),
]

# Heavy or worldly packages and the only places that may know them.
ONLY_IN = {
    "ortools": ["timetabling/solvers/cpsat*.py"],
    "torch": ["timetabling/solvers/repair.py", "timetabling/solvers/policy.py"],
    "cupy": ["timetabling/solvers/genetic.py", "timetabling/kernels/population.py"],
    "networkx": ["timetabling/clustering.py"],
    "redis": [
        "tracking/store.py",
        "tracking/embedded.py",
        "tracking/scripts/*.py",
        "tracking/testing/recorder.py",
        "tracking/service/*.py",
    ],
    "prefect": [
        "tracking/hooks.py",
        "tracking/artifacts.py",
        "tracking/settling.py",
        "tracking/service/*.py",
        "tasks/*.py",
        "flows/*.py",
    ],
    "numba": ["timetabling/kernels/*.py"],
    "icalendar": ["timetabling/exports/*.py"],
    "jinja2": ["timetabling/exports/page.py"],
    "xlsxwriter": ["timetabling/formats/workbook.py", "timetabling/exports/workbook.py"],
}

# Inside the library: later ones may import earlier ones only.
LIBRARY_ORDER = [
    ["timetabling.problem"],
    ["timetabling.rules"],
    ["timetabling.penalties", "timetabling.pins", "timetabling.search"],
    [
        "timetabling.changes",
        "timetabling.formats",
        "timetabling.clustering",
        "timetabling.kernels",
        "timetabling.generator",
        "timetabling.view",
        "timetabling.least_costs",
        "timetabling.check",
        "timetabling.recall",
        "timetabling.ties",
    ],
    ["timetabling.places"],
    ["timetabling.alternatives"],
    ["timetabling.exports"],
    ["timetabling.solvers"],
]


def imports_of(module: str) -> set[str]:
    """Every module that a file imports anywhere in it, by its full name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are written in full"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def level_of(name: str) -> int | None:
    """The place of a module of the library in its order."""
    for level, prefixes in enumerate(LIBRARY_ORDER):
        if any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes):
            return level
    return None


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_nothing_from_above_it(module: str) -> None:
    forbidden = next(names for pattern, names in FORBIDDEN if fnmatch(module, pattern))
    roots = {name.split(".")[0] for name in imports_of(module)}
    assert not roots & forbidden


@pytest.mark.parametrize("module", MODULES)
def test_a_heavy_package_is_imported_only_where_it_is_used(module: str) -> None:
    for root in {name.split(".")[0] for name in imports_of(module)} & ONLY_IN.keys():
        assert any(fnmatch(module, pattern) for pattern in ONLY_IN[root]), (
            f"{module} imports {root}"
        )


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("timetabling/")])
def test_the_library_is_layered(module: str) -> None:
    here = level_of(module.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    if here is None:
        assert module == "timetabling/__init__.py"
        return
    above = {name for name in imports_of(module) if (level_of(name) or 0) > here}
    assert not above


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("timetabling/")])
def test_the_library_reads_no_environment(module: str) -> None:
    source = (ROOT / module).read_text(encoding="utf-8")
    assert "environ" not in source
    assert "getenv" not in source


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("tasks/")])
def test_a_task_fits_on_a_screen(module: str) -> None:
    lines = len((ROOT / module).read_text(encoding="utf-8").splitlines())
    assert lines < (120 if module == "tasks/budget.py" else 60)


def test_only_the_keys_module_spells_redis_keys() -> None:
    spellers = [m for m in MODULES if "progress:job" in (ROOT / m).read_text(encoding="utf-8")]
    assert spellers == ["tracking/keys.py"]
