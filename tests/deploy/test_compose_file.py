"""docker-compose.yml is one by the specification's own schema, starts in order, and hands out no more than it must."""

import json
import re
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.kafka.broker import SETTINGS
from tests.kafka.jars import VERSION

OURS = ("worker", "gateway", "api", "plan")
Services = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def document(root: Path) -> Any:
    return yaml.safe_load((root / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def services(document: Any) -> Services:
    found: Services = document["services"]
    return found


@pytest.fixture(scope="module")
def specification(root: Path) -> Draft202012Validator:
    schema = root / "tests" / "contracts" / "published" / "compose-spec.json"
    return Draft202012Validator(json.loads(schema.read_text()))


def test_it_is_a_compose_file(document: Any, specification: Draft202012Validator) -> None:
    assert [error.message for error in specification.iter_errors(document)] == []


@pytest.mark.parametrize(
    "wrong", [{"image": 7}, {"read_only": []}, {"depends_on": {"a": "healthy"}}, {"restarts": "no"}]
)
def test_the_specification_refuses_what_is_none(document: Any, wrong: Any, specification: Draft202012Validator) -> None:
    assert not specification.is_valid(document | {"services": {"a": {"image": "a"} | wrong}})


def test_services_start_in_an_order_and_wait_until_what_they_need_is_healthy(services: Services) -> None:
    needs = {name: service.get("depends_on", {}) for name, service in services.items()}
    order = list(TopologicalSorter({name: [*needed] for name, needed in needs.items()}).static_order())
    assert order.index("kafka") < order.index("worker")
    for needed in needs.values():
        for name, how in needed.items():
            assert how == {"condition": "service_healthy"}
            assert services[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_write_nothing_and_gain_nothing(services: Services, name: str) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]
    assert "volumes" not in service
    assert not service.get("privileged")


def test_what_runs_for_good_comes_back_and_says_how_it_is(services: Services) -> None:
    for name, service in services.items():
        if "profiles" not in service:
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"][0] == "CMD", name


def test_workers_can_be_scaled_for_no_port_of_the_host_is_theirs(services: Services) -> None:
    assert "ports" not in services["worker"]
    assert "container_name" not in services["worker"]
    assert services["worker"]["deploy"]["replicas"] == 2


def test_nothing_is_published_beyond_this_machine(services: Services) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert {*published} == {"gateway", "api", "prometheus", "grafana"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_secrets_come_from_files_that_git_does_not_see(document: Any, root: Path) -> None:
    files = [secret["file"] for secret in document["secrets"].values()]
    ignored = (root / ".gitignore").read_text().splitlines()
    assert all(file.startswith("./secrets/") for file in files)
    assert "/secrets/" in ignored
    said = (root / "docker-compose.yml").read_text()
    assert re.findall(r"(?i)(?:password|token|secret)\w*: (?!/run/secrets/|\{file)[^\s\[]", said) == []


def test_every_image_of_others_is_pinned_and_every_file_that_is_mounted_is_there(
    services: Services, root: Path
) -> None:
    for name, service in services.items():
        if name not in OURS:
            assert re.fullmatch(r"[a-z/]+:v?\d+\.\d[\w.-]*", service["image"]), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert not source.startswith(".") or (root / source).is_dir(), source


def test_the_broker_is_the_one_of_the_tests_in_version_and_in_what_matters(services: Services) -> None:
    kafka = services["kafka"]
    assert kafka["image"] == f"apache/kafka:{VERSION}"
    said = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): str(value)
        for name, value in kafka["environment"].items()
        if name.startswith("KAFKA_")
    }
    both = said.keys() & SETTINGS.keys() - {"listener.security.protocol.map"}
    assert {name: said[name] for name in both} == {name: SETTINGS[name] for name in both}
    assert {"transaction.abort.timed.out.transaction.cleanup.interval.ms", "auto.create.topics.enable"} <= both


def test_the_readme_makes_the_secrets_and_names_the_services_that_there_are(document: Any, root: Path) -> None:
    readme = (root / "README.md").read_text()
    assert {f"./{path}" for path in re.findall(r"> (secrets/\S+)", readme)} == {
        secret["file"] for secret in document["secrets"].values()
    }
    named = re.findall(r"docker compose run --rm (?:-v \S+ )?(\w+)|--scale (\w+)=", readme)
    assert {name for pair in named for name in pair if name} == {"plan", "worker"} <= {*document["services"]}
