"""What the pages promise of the container stands in its files; there is no engine here to run it."""

import re

import pytest
import yaml

from tests.docs.pages import ROOT, text

COMPOSE = yaml.safe_load(text(ROOT / "compose.yaml"))
DOCKERFILE = text(ROOT / "Dockerfile")
SERVICE = COMPOSE["services"]["ml_service"]


def test_the_container_has_its_name_and_its_settings():
    assert SERVICE["container_name"] == "anomaly_detector"
    assert SERVICE["env_file"] == ".env"


def test_the_network_is_external_and_can_be_named():
    (network,) = SERVICE["networks"]
    assert COMPOSE["networks"][network] == {"external": True, "name": "${ANOMALY_NET:-anomaly-net}"}


def test_a_database_on_the_host_is_reached_by_name():
    assert "host.docker.internal:host-gateway" in SERVICE["extra_hosts"]


def test_it_runs_without_rights_on_a_read_only_root():
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in SERVICE["security_opt"]
    user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[-1]
    assert int(user) > 0


def test_the_model_lies_on_a_volume():
    (mounted,) = SERVICE["volumes"]
    volume, _, folder = mounted.partition(":")
    assert volume in COMPOSE["volumes"]
    assert SERVICE["environment"]["MODEL_FILE"].startswith(f"{folder}/")


def test_it_says_whether_it_is_well_and_ends_in_time():
    assert 'CMD ["pganomaly", "health"]' in DOCKERFILE
    assert "STOPSIGNAL SIGTERM" in DOCKERFILE
    assert int(SERVICE["stop_grace_period"].removesuffix("s")) >= 5


@pytest.mark.parametrize("copied", re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", DOCKERFILE, re.MULTILINE))
def test_what_is_copied_exists_and_is_not_ignored(copied: str):
    ignored = text(ROOT / ".dockerignore").splitlines()
    for name in copied.split():
        assert (ROOT / name).exists()
        assert f"!{name.split('/')[0]}" in ignored
