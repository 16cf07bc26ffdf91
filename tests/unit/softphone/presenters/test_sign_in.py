"""Signing in as the form shows it."""

from __future__ import annotations

import asyncio

import pytest

from resources.words import LANGUAGES, Words
from softphone.domain.account import Account, Refusal
from softphone.domain.errors import SignInRefused
from softphone.presenters import sentences
from softphone.presenters.sign_in import SignInView
from tests.doubles.stage import CREDENTIALS, Stage


async def test_the_form_is_needed_until_somebody_is_signed_in(stage: Stage) -> None:
    assert stage.view(SignInView).needed
    await stage.board.sign_in.sign_in(CREDENTIALS)
    view = stage.view(SignInView)
    assert not view.needed
    assert view.refusal is None


@pytest.mark.parametrize("refusal", list(Refusal))
async def test_each_refusal_says_what_to_do_in_every_language(stage: Stage, refusal: Refusal) -> None:
    stage.doubles.telephony.refusals.append(SignInRefused(refusal, "vip.example.com"))
    await stage.board.sign_in.sign_in(CREDENTIALS)
    said = set()
    for language in LANGUAGES:
        await stage.board.speak(Words(language))
        advice = stage.view(SignInView).refusal
        assert advice is not None
        assert advice.text
        assert advice.what_to_do
        said.add((advice.text, advice.what_to_do))
    assert len(said) == len(LANGUAGES)
    assert stage.view(SignInView).needed


def test_no_two_refusals_share_a_sentence() -> None:
    for language in LANGUAGES:
        words = Words(language)
        texts = [sentences.refusal(words, refusal, "s").text for refusal in Refusal]
        assert len(set(texts)) == len(texts)


async def test_wrong_number_and_wrong_password_read_the_same_and_mark_no_single_field(stage: Stage) -> None:
    stage.doubles.telephony.refusals.append(SignInRefused(Refusal.WRONG_CREDENTIALS))
    await stage.board.sign_in.sign_in(CREDENTIALS)
    view = stage.view(SignInView)
    assert view.refusal is not None
    assert "phone number or the password" in view.refusal.text
    assert view.wrong_field == "password"


async def test_an_unknown_refusal_is_the_servers_fault(stage: Stage) -> None:
    stage.doubles.telephony.refusals.append(SignInRefused("something-new"))
    await stage.board.sign_in.sign_in(CREDENTIALS)
    view = stage.view(SignInView)
    assert view.refusal is not None
    assert view.refusal.text == "The server could not sign you in."
    assert view.wrong_field == ""


async def test_while_busy_the_form_stays_and_cancel_ends_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_credentials: object) -> Account:
        await asyncio.Event().wait()
        return Account()

    monkeypatch.setattr(stage.program.session, "sign_in", never)
    attempt = asyncio.ensure_future(stage.board.sign_in.sign_in(CREDENTIALS))
    await asyncio.sleep(0)
    view = stage.view(SignInView)
    assert view.busy
    assert view.needed
    assert "vip.example.com" in view.busy_text
    await stage.board.sign_in.sign_in(CREDENTIALS)
    await stage.board.sign_in.cancel()
    await attempt
    view = stage.view(SignInView)
    assert not view.busy
    assert view.refusal is None


async def test_a_password_never_stands_in_a_view(stage: Stage) -> None:
    await stage.board.sign_in.sign_in(CREDENTIALS)
    assert all(CREDENTIALS.password not in repr(view) for view in stage.views.values())
