"""A record to draw: photos of a dating site without an agreement, and all that was made of them."""

from __future__ import annotations

from pathlib import Path

from lineage_plugin.model import EdgeKind, RunState, Statement, StatementKind, Subject
from tests.support.gatehouse import CLEAN, Gatehouse, roots, uri

#: What the training of the model that gates stop would read.
INPUTS = ("faces/embeddings", "faces/labels")

PHOTOS = """\
    origin: external
    source: {issuer: Dating site, method: user-generated-content}
    license: LicenseRef-internal
    consent:
      basis: [eu-gdpr:A6-1-a, eu-gdpr:A9-2-a]
      purposes: [face-recognition]
    custody: [{from: Dating site, to: us, event: partner-transfer, agreement: {none: a favour}}]
    categories: [personal, picture]
    assurance: documented
"""

STOCK = """\
    origin: external
    source: {issuer: Acme Stock, method: primary-user-source}
    license: CC-BY-4.0
    consent:
      basis: [eu-gdpr:A6-1-a, eu-gdpr:A9-2-a]
      purposes: [face-recognition]
      until: 2031-01-10
    custody: [{from: Acme Stock, event: published}]
    categories: [personal, picture]
    assurance: documented
"""


def told(home: Path, *, waived_until_us: int) -> Gatehouse:
    """Record how one model was made from maps, and how another was not made from faces."""
    house = Gatehouse(home).catalog(
        roots(
            **{
                "profile-photos": PHOTOS,
                "stock-faces": STOCK,
                "maps/streets": CLEAN,
                "maps/buildings": CLEAN,
                "faces/labels": STOCK,
            }
        )
    )
    house.ran("photos.crop", ["profile-photos", "stock-faces"], ["faces/crops"])
    house.ran("faces.embed", ["faces/crops"], ["faces/embeddings"], edge=EdgeKind.EMBED)
    house.ran("maps.join", ["maps/streets", "maps/buildings"], ["maps/joined"], edge=EdgeKind.JOIN)
    house.ran("maps.clean", ["maps/joined"], ["maps/clean"], edge=EdgeKind.FILTER)
    house.ran("maps.train", ["maps/clean"], ["models/house-numbers"], edge=EdgeKind.TRAIN)
    _stop(house, "faces.train", "models/face-recogniser")
    with house.store() as store:
        store.append_statement(
            Statement(
                "waiver-1",
                StatementKind.WAIVER,
                "Ada Lovelace",
                "the letter of the street office is on its way",
                house.now_us,
                until_us=waived_until_us,
                datasets=(uri("maps/streets"),),
                purpose="model-training",
                reason_id="license.absent",
            ),
            recorded_us=house.now_us,
        )
    return house


def _stop(house: Gatehouse, job: str, model: str) -> None:
    """Record a training that the gate stopped before its body."""
    asker = Subject("airflow", job, "tuesday", f"tuesday/{job}")
    decision = house.ask(*INPUTS, purpose="face-recognition", subject=asker)
    more = {"edge": EdgeKind.TRAIN, "group": "tuesday", "refused_by": decision.id}
    house.ran(job, INPUTS, [model], state=RunState.FAIL, **more)
