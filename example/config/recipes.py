"""Where a recipe's stylesheets are: its own, and those of frameworks that ``npm ci`` installs."""

from pathlib import Path

NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"
FRAMEWORKS = {"bootstrap": "bootstrap/dist/css", "pico": "@picocss/pico/css"}


def static_files(recipe: Path) -> list[Path | tuple[str, Path]]:
    """Return the folders that exist, as ``STATICFILES_DIRS`` wants them."""
    found: list[Path | tuple[str, Path]] = [recipe / "static"]
    if recipe.name in FRAMEWORKS:
        found.append((recipe.name, NODE_MODULES / FRAMEWORKS[recipe.name]))
    return [entry for entry in found if (entry if isinstance(entry, Path) else entry[1]).is_dir()]
