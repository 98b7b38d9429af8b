"""A project of files for tests of whole folders: a program, and a module that it imports."""

from __future__ import annotations

from pathlib import Path

PROJECT = "name: crm\nruntime: python\n"
PROGRAM = """
import pulumi
import pulumi_hubassoc as hubassoc
from texts import BILLING

billing = hubassoc.AssociationLabel(
    "billing", from_object_type="contacts", to_object_type="companies", label=pulumi.Config().get("text") or BILLING
)
hubassoc.AssociationLimit("one", association=billing.inverse, max_to_object_ids=1)
pulumi.export("billing", billing.type_id)
pulumi.export("hidden", pulumi.Output.secret("sesame"))
"""
TEXTS = "BILLING = 'Billing contact'\n"


def make_folder(parent: Path) -> Path:
    """The project, in a new folder."""
    folder = parent / "crm"
    folder.mkdir()
    write(folder, {"Pulumi.yaml": PROJECT, "__main__.py": PROGRAM, "texts.py": TEXTS})
    return folder


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files into it, over what is there."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
