"""What ``lineage-plugin init`` writes: files that are valid as they are and say what to change."""

from __future__ import annotations

PROVENANCE_YAML = """\
# What is known about the data that comes from outside, and who says so.
# Check this file with: lineage-plugin catalog check
version: 1

# Who makes these declarations: a team, a vendor, an auditor.
authority: my-team

# Terms of licences that SPDX does not list.
# licenses:
#   LicenseRef-acme-2026:
#     prohibits: [cc:Distribution]
#     duties: [cc:Attribution]
#     source: Agreement of 10 January 2026, section 3

# recipients:                       # to whom @requires("disclosure", recipient=...) may give data
#   Acme GmbH:
#     - {uri: evidence/acme.pdf, until: 2027-01-10, purposes: [disclosure]}

# Datasets by URI. ** stands for any folders and files below, * for a part of one name.
# All patterns that match a dataset bind together; nothing silently wins.
# Of each part, three things are different:
#   left out           nobody said anything
#   {none: why}        somebody said that there is none
#   {unknown: why}     somebody said that they do not know
datasets:
#   s3://lake/photos/**:
#     origin: external              # comes from outside; derived (the default): made by our runs
#     valid_from: 2026-01-10        # a bare date is 00:00 UTC of that day
#     source: {issuer: Acme GmbH, method: user-generated-content}
#     license: CC-BY-4.0            # an SPDX expression, or a name above
#     consent:
#       basis: eu-gdpr:A6-1-a
#       purposes: [face-recognition]
#       until: 2027-01-10           # no longer from 00:00 UTC of that day on
#       events:                     # what became of it; the state at a moment follows from these
#         - {at: 2026-01-10, state: "dpv:ConsentGiven", by: data subjects}
#       reconfirm_every: P1Y        # without a dpv:RenewedConsentGiven it no longer holds
#     custody:                      # oldest step first
#       - from: Acme GmbH
#         event: licensed
#         at: 2026-01-08
#         agreement: {uri: evidence/acme.pdf, purposes: [face-recognition], onward_transfer: false}
#     categories: [personal]
#     use: {purposes: [model-training], excluded: [publication]}
#     evidence: [evidence/acme-attestation.pdf]
#
#   s3://lake/maps/**:
#     origin: external
#     source: {unknown: found on an old disk}
#     license: {unknown: legal was asked on 3 March}
#     consent: {none: no people shown}        # evidence: [...] may stand beside the reason
"""

POLICY_YAML = """\
# Which Great Expectations suites must pass before data may be used for a purpose.
# Suites are looked for in the expectations folder, then among the shipped ones.
version: 1

purposes:
  model-training: [model-training]
  face-recognition: [face-recognition]
  publication: [publication]
  disclosure: [disclosure]

  # A purpose of your own lies under a shipped one, and is judged like it unless it names suites.
  # churn-model:
  #   under: model-training
  #   commercial: true
  #   suites: [model-training]

# Gates before tasks whose DAGs say nothing.  A task that meets all conditions of a line needs one:
# dag, task, tag, operator, pool, queue, writes.
# models: ["s3://models/**"]          # these datasets are models
# gates:
#   - {writes: model, purpose: model-training}
#   - {pool: gpu, purpose: model-training}

# How much a reason weighs: observe, warn, or block, which holds if no line fits.  The strictest of
# those that fit counts.
# modes:
#   - {mode: warn, dag: "legacy_*", until: 2027-03-01}

# What people may waive, besides what nobody can (lineage-plugin waive).
# waivers:
#   never: [custody.no-agreement]
#   max_days: 30
#   by: [legal]                        # names, or teams in parentheses behind a name
"""
