"""Hypothesis profiles: ``quick`` for every push, ``thorough`` for ``make laws``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Time limits on single examples tell more about the machine than about the law.
_TIMELESS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("quick", _TIMELESS, max_examples=50, derandomize=True)
settings.register_profile("thorough", _TIMELESS, max_examples=2_500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
