"""Dashboard and alerts read numbers that a service has."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.serving.conftest import Server
from tests.workspace import ROOT
from vq.inference.row import Status

FOLDER = ROOT / "docs" / "monitoring"
DASHBOARD = json.loads((FOLDER / "grafana-dashboard.json").read_text())
(GROUP,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
EXPRESSIONS = [
    *(
        pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
    ),
    *(pytest.param(rule["expr"], id=rule["alert"]) for rule in GROUP["rules"]),
]
ADDED = {"job", "instance"}
"""Labels that Prometheus gives to what it reads."""
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
SELECTOR = re.compile(r"\b([a-z_:][\w:]*)\b(?!\s*\()(?:\{([^}]*)\})?")
"""A name that is no function, and the labels that it asks for."""
OPERATORS = {"and", "or", "unless", "bool", "offset"}


@pytest.fixture(scope="module")
def exposed(server: Server, small: Path) -> dict[str, set[str]]:
    """Names of what a service shows once it has scored a video, each with its labels."""
    assert server.score(small).json()["status"] == "ok"
    labels = defaultdict(set)
    for family in text_string_to_metric_families(server.get("/metrics").text):
        for sample in family.samples:
            labels[sample.name] |= set(sample.labels)
    return {**labels, "up": set()}  # that one is of Prometheus itself


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_reads_what_a_service_shows(
    expression: str, exposed: dict[str, set[str]]
) -> None:
    """Its metrics exist, with the labels that it selects and groups by."""
    metrics = list(selected(expression))
    grouped = {
        label.strip() for labels in GROUPING.findall(expression) for label in labels.split(",")
    }

    assert metrics
    for name, matchers in metrics:
        assert name in exposed
        assert set(matchers) <= exposed[name] | ADDED
    assert grouped <= set().union(*(exposed[name] for name, _ in metrics)) | ADDED


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_quantile_is_that_of_the_classes_of_a_histogram(expression: str) -> None:
    """Without `le` they would be summed up to one."""
    buckets = [name for name, _ in selected(expression) if name.endswith("_bucket")]

    assert bool(buckets) == ("histogram_quantile(" in expression)
    assert not buckets or re.search(r"by \((\w+, )?le\)", expression)


def test_selected_values_exist() -> None:
    """A status that no row has would never raise an alarm."""
    values = defaultdict(set)
    for one in EXPRESSIONS:
        for _, matchers in selected(str(one.values[0])):
            for label, value in matchers.items():
                values[label] |= set(value.split("|"))

    assert {"ok", "crashed", "too_large", "timed_out"} == values["status"] <= {*get_args(Status)}
    assert values["path"] == {"/score", "/health"}
    assert values["code"] == {"503", "5.."}


def test_everything_that_a_service_counts_is_on_the_dashboard(exposed: dict[str, set[str]]) -> None:
    """A new metric has a panel."""
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    shown = {name for expression in panels for name, _ in selected(expression)}
    ours = {name for name in exposed if name.startswith("vq_")}
    unneeded = re.compile(r".*_(created|sum|count)")

    assert {name for name in ours if not unneeded.fullmatch(name)} <= shown


def test_the_dashboard_can_be_imported_anywhere() -> None:
    """Whoever imports it chooses the data source; ids are its own, and no panel hides another."""
    source, instance = DASHBOARD["templating"]["list"]
    panels = DASHBOARD["panels"]
    places = [
        (panel["gridPos"]["x"] + dx, panel["gridPos"]["y"] + dy)
        for panel in panels
        for dx in range(panel["gridPos"]["w"])
        for dy in range(panel["gridPos"]["h"])
    ]

    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    used = [instance, *panels, *(target for panel in panels for target in panel["targets"])]
    assert {one["datasource"]["uid"] for one in used} == {f"${{{source['name']}}}"}
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) < 24


@pytest.mark.parametrize("rule", GROUP["rules"], ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    """And how urgent it is."""
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"].keys() == {"summary", "description"}
    assert rule["annotations"]["description"].endswith(".")


def selected(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Metrics of an expression of PromQL, each with the labels that it selects by."""
    text = re.sub(r"\[[^\]]*\]", "", GROUPING.sub("", expression))
    for name, matchers in SELECTOR.findall(text):
        if name not in OPERATORS:
            yield name, dict(MATCHER.findall(matchers))
