"""What the events `vq.released` and `vq.rejected` say."""

from vq.registry.flow_summary import Release


def payload(release: Release) -> dict[str, str]:
    """A sentence for people, and what programs need to know of a release."""
    return {
        "message": f"{release.model} {release.version} is {release.alias}. {release.reason}",
        "model": release.model,
        "version": release.version,
        "alias": release.alias,
        "verdict": release.verdict.summary,
        "commit": release.commit,
        "run_id": release.run_id,
    }
