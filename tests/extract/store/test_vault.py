"""Sealed values open with the newest key or an older one, and never leave as something else."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from extract.errors import VaultError
from extract.store.vault import Vault

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_was_sealed_opens_and_does_not_show_what_it_holds() -> None:
    sealed = Vault([NEW]).seal("a token")

    assert "a token" not in sealed
    assert Vault([NEW]).open(sealed) == "a token"


def test_an_older_key_still_opens_and_sealing_again_makes_it_needless() -> None:
    sealed = Vault([OLD]).seal("a token")
    both = Vault([NEW, OLD])

    assert both.open(sealed) == "a token"
    assert Vault([NEW]).open(both.reseal(sealed)) == "a token"


@pytest.mark.parametrize(
    "sealed",
    [Vault([OLD]).seal("a token"), "", "a token", "größe"],
    ids=["another key", "nothing", "plain text", "no ASCII"],
)
def test_what_no_key_opens_is_a_vault_error_that_does_not_repeat_it(sealed: str) -> None:
    with pytest.raises(VaultError) as raised:
        Vault([NEW]).open(sealed)
    assert "Reconnect to Notion" in raised.value.sentence
    assert not sealed or sealed not in str(raised.value)
