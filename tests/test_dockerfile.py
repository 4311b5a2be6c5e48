"""The images: what can be seen without building them (it takes a builder, which tests have not)."""

import re

import pytest

from tests.workspace import ROOT

LINES = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text()).splitlines()
STAGES = {
    block.split("\n", 1)[0].rpartition(" AS ")[2]: block
    for block in "\n".join(LINES).split("\nFROM ")[1:]
}


@pytest.mark.parametrize("image", ["service", "worker"])
def test_nobody_runs_as_root(image: str) -> None:
    """Files of strangers are opened in there; of a number, a platform can see that it is not 0."""
    (user,) = re.findall(r"^USER (\d+)$", STAGES[image], re.MULTILINE)

    assert int(user) > 0


def test_versions_are_those_of_the_lock() -> None:
    """What was tested is what is shipped; the image below, too, is of one version."""
    for line in LINES:
        if "pip install" in line:
            assert "--constraint /tmp/requirements.lock" in line
    assert re.search(r"^FROM python:\d+\.\d+\.\d+-", "\n".join(LINES), re.MULTILINE)


def test_the_service_tells_whether_it_is_well() -> None:
    """And it has no torch: `train` is what brings it."""
    assert "HEALTHCHECK" in STAGES["service"]
    assert "/health" in STAGES["service"]
    (extras,) = re.findall(r"vq\[(.+?)\]", STAGES["service"])
    assert set(extras.split(",")) == {"parquet", "serve"}


def test_everything_that_is_copied_is_sent() -> None:
    """`.dockerignore` names what images need, and nothing else is sent to the builder."""
    sent = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    copied = {
        name
        for line in LINES
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }

    assert copied == sent
    assert all((ROOT / name).exists() for name in sent)
