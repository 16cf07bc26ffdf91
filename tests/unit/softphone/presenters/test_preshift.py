"""The check before a shift in words: every outcome has a sentence in every language, and the text to copy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from resources.words import LANGUAGES, Words
from softphone.domain.account import Refusal
from softphone.domain.preshift import (
    CheckFailed,
    CheckReport,
    Finding,
    NotChecked,
    Outcome,
    Step,
    StepResult,
)
from softphone.presenters import check_words
from softphone.presenters.parts import Tone
from softphone.presenters.preshift import PreshiftView, plain_text
from tests.doubles.application import settle
from tests.doubles.stage import CREDENTIALS, Stage

FACTS = tuple(
    (name, f"<{name}>") for name in ("server", "device", "devices", "number", "file", "days", "valid_until")
)

RESULTS = (
    *(StepResult(step, Outcome.PASSED, code, FACTS) for step, code in check_words.PASSED),
    *(StepResult(Step.SPEAKER, Outcome.FAILED, code, FACTS) for code in check_words.FAILED),
    *(StepResult(Step.SIGN_IN, Outcome.FAILED, code, FACTS) for code in Refusal),
    *(StepResult(Step.RTP, Outcome.SKIPPED, code) for code in check_words.SKIPPED),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "result", RESULTS, ids=lambda result: f"{result.step}-{result.outcome}-{result.code}"
)
def test_every_outcome_has_a_sentence(result: StepResult, language: str) -> None:
    said = check_words.sentence(Words(language), result, "vip.example.com")
    assert said.endswith(".")
    assert "{" not in said
    if language != "en":
        assert said != check_words.sentence(Words("en"), result, "vip.example.com")


def test_every_step_has_a_name() -> None:
    assert set(check_words.TITLES) == set(Step)
    assert {step for step, _ in check_words.PASSED} == set(Step)


def test_every_code_of_the_services_has_a_sentence_and_a_line_in_the_documents() -> None:
    """Codes are written as text where they are found; none may come without words."""
    root = Path(__file__).resolve().parents[4]
    sources = (
        "softphone/services/check_steps.py",
        "softphone/services/preshift.py",
        "softphone/adapters/line_check.py",
        "softphone/adapters/loopback.py",
    )
    text = "".join((root / source).read_text("utf-8") for source in sources)
    failed = set(re.findall(r'CheckFailed\(\s*"([a-z-]+)"', text)) | {
        "microphone-muted",
        "microphone-too-loud",
        "too-slow",
    }
    skipped = set(re.findall(r'NotChecked\(\s*"([a-z-]+)"', text)) | {"server-silent", "no-tls"}
    assert failed <= set(check_words.FAILED) | set(Refusal)
    assert skipped == set(check_words.SKIPPED)
    document = (root / "docs" / "it-admin" / "check.md").read_text("utf-8")
    notes = {code for _, code in check_words.PASSED if code}
    assert {
        code for code in failed | skipped | notes | set(check_words.FAILED) if f"`{code}`" not in document
    } == set()


async def test_at_first_nothing_is_known(stage: Stage) -> None:
    view = stage.view(PreshiftView)
    assert [row.sign.text for row in view.rows] == [""] * len(Step)
    assert (view.running, view.plain) == (False, "")
    assert view.summary.text.startswith("One click")


async def test_all_is_well(stage: Stage) -> None:
    await stage.sign_in()
    report = await stage.program.preshift.run()
    assert report.ok
    view = stage.view(PreshiftView)
    assert (view.summary.tone, view.running) == (Tone.GOOD, False)
    assert {row.sign.tone for row in view.rows} == {Tone.GOOD}
    assert [row.title for row in view.rows][:3] == ["Server name", "Certificate", "Your line"]


async def test_while_it_runs_the_page_follows(stage: Stage) -> None:
    await stage.sign_in()
    stage.doubles.sound.patience.clear()
    await stage.board.preshift.start()
    await settle()
    view = stage.view(PreshiftView)
    assert (view.running, view.progress, view.plain) == (True, 5 / 8, "")
    assert view.rows[5].sign.text == "Checking…"
    await stage.board.preshift.cancel()
    await settle()
    view = stage.view(PreshiftView)
    assert (view.running, view.summary.text) == (False, "The check was stopped.")
    assert view.rows[5].sign.text == ""


async def test_what_is_wrong_is_red_with_its_sentence(stage: Stage) -> None:
    await stage.sign_in()
    found = stage.doubles.line_check.found
    found[Step.CERTIFICATE] = Finding("expires-soon", (("days", "6"),))
    found[Step.NAT] = NotChecked("no-line")
    found[Step.RTP] = CheckFailed("no-call", (("number", "600"),))
    await stage.program.preshift.run()
    view = stage.view(PreshiftView)
    rows = {row.step: row.sign for row in view.rows}
    assert view.summary.tone is Tone.BAD
    assert rows["rtp"].text == "The echo number 600 can't be called: tell your IT support."
    assert [rows[step].tone for step in ("certificate", "nat", "rtp")] == [Tone.WARN, Tone.QUIET, Tone.BAD]
    await stage.board.speak(Words("fi"))
    assert stage.view(PreshiftView).rows[4].sign.text.startswith("Kaikunumeroon 600 ei voi soittaa")


async def test_during_a_call_the_rest_waits(stage: Stage) -> None:
    await stage.sign_in()
    await stage.talk()
    await stage.program.preshift.run()
    summary = stage.view(PreshiftView).summary
    assert (summary.tone, summary.text.split(".")[0]) == (Tone.QUIET, "So far all is well")


async def test_the_text_to_copy_is_english_whole_and_holds_no_secret(stage: Stage) -> None:
    await stage.board.speak(Words("fi"))
    await stage.sign_in()
    stage.doubles.line_check.found[Step.RTP] = CheckFailed("nothing-arrives", (("sent", "90"),))
    await stage.program.preshift.run()
    text = stage.view(PreshiftView).plain
    assert "Result: not all is well" in text
    assert "FAILED   rtp (0 ms) [nothing-arrives]" in text
    assert "         No sound comes back: a firewall is in the way." in text
    assert "         sent: 90" in text
    assert len(re.findall(r"^(?:PASSED|FAILED|SKIPPED) ", text, re.MULTILINE)) == len(Step)
    assert CREDENTIALS.password not in text


def test_a_report_without_facts_is_text_too() -> None:
    report = CheckReport(tuple(StepResult(step, Outcome.SKIPPED, "in-call") for step in Step), at=1.7e9)
    assert plain_text(report, "").count("Not checked during a call.") == len(Step)
