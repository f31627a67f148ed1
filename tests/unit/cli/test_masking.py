"""Nothing secret is ever shown."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.cli.masking import holds_secrets, masked

SECRET = "hunter2hunter2"  # noqa: S105 - nobody's

_keys = st.sampled_from(["auth", "apiKey", "headers", "custom_headers", "sasl.password", "config"])
_hidden = st.recursive(
    st.just(SECRET), lambda inner: st.lists(inner) | st.dictionaries(_keys, inner), max_leaves=5
)
_transports = st.recursive(
    st.fixed_dictionaries(
        {"type": st.just("http")}, optional={"auth": _hidden, "headers": _hidden}
    ),
    lambda inner: st.fixed_dictionaries(
        {
            "type": st.just("composite"),
            "transports": st.lists(inner) | st.dictionaries(_keys, inner),
        }
    ),
    max_leaves=5,
)


@given(_transports)
def test_no_secret_survives_however_deep_it_lies(config: object) -> None:
    assert SECRET not in json.dumps(masked(config))


def test_a_password_in_a_url_is_hidden() -> None:
    shown = masked({"type": "http", "url": f"https://me:{SECRET}@host/p?api_key={SECRET}"})

    assert shown == {"type": "http", "url": "https://***@host/p?***"}


def test_what_holds_no_secret_is_shown_as_it_is() -> None:
    config = {"type": "composite", "transports": {"a": {"type": "file", "log_file_path": "/x"}}}

    assert masked(config) == config
    assert not holds_secrets(config)


def test_a_key_that_nobody_knows_is_hidden() -> None:
    assert masked({"type": "new", "passphrase": SECRET}) == {"type": "new", "passphrase": "***"}
