from __future__ import annotations

from rules.access.decision import ALLOWING, AccessReason
from rules.catalog.inheritance import Origin
from rules.values import ConfigKind, FeatureType
from tests.project.markdown import rows, section
from tests.project.repository import ROOT

PAGE = (ROOT / "docs/concepts.md").read_text(encoding="utf-8")


def named(title: str) -> list[str]:
    """The first cells of a section's table."""
    return [row[0].strip("`") for row in rows(section(PAGE, title))]


def test_every_reason_is_explained_in_the_order_in_which_it_is_tested() -> None:
    answers = {
        row[0].strip("`"): row[1].partition(":")[0] for row in rows(section(PAGE, "Access and reason"))
    }

    assert named("Access and reason") == list(AccessReason)
    assert {reason for reason, answer in answers.items() if answer == "Yes"} == ALLOWING


def test_every_type_and_origin_is_explained() -> None:
    assert named("Feature") == list(FeatureType)
    assert sorted(named("Entitlement")) == sorted(Origin)
    assert all(f"`{kind}`" in section(PAGE, "Feature") for kind in ConfigKind)
