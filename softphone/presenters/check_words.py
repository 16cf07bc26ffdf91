"""What each step of the check before a shift says: that it is fine, or the one sentence that helps."""

from __future__ import annotations

from collections import defaultdict
from types import MappingProxyType

from resources.words import Words, marked
from softphone.domain.account import Refusal
from softphone.domain.preshift import Outcome, Step, StepResult
from softphone.presenters import sentences

TITLES: MappingProxyType[Step, str] = MappingProxyType(
    {
        Step.NAME_LOOKUP: marked("Server name"),
        Step.CERTIFICATE: marked("Certificate"),
        Step.SIGN_IN: marked("Your line"),
        Step.NAT: marked("Network"),
        Step.RTP: marked("Sound both ways"),
        Step.MICROPHONE: marked("Microphone"),
        Step.SPEAKER: marked("Speaker"),
        Step.RING: marked("Ring"),
    }
)

PASSED: MappingProxyType[tuple[Step, str], str] = MappingProxyType(
    {
        (Step.NAME_LOOKUP, ""): marked("{server} was found."),
        (Step.NAME_LOOKUP, "numeric"): marked("{server} is an address already; no name was looked up."),
        (Step.CERTIFICATE, ""): marked("It is valid until {valid_until}."),
        (Step.CERTIFICATE, "expires-soon"): marked(
            "It is valid for {days} more days only: tell your IT support."
        ),
        (Step.SIGN_IN, ""): marked("The server answered: you can be reached."),
        (Step.NAT, ""): marked("The server sees this computer's own address."),
        (Step.NAT, "nat"): marked("The server sees another address. Calls work all the same."),
        (Step.RTP, ""): marked("Your sound came back."),
        (Step.RTP, "local"): marked("Sound passes on this computer. Beyond it, only a call shows."),
        (Step.MICROPHONE, ""): marked("{device} works."),
        (Step.MICROPHONE, "other-device"): marked("{device} is used, as the one you chose is not there."),
        (Step.SPEAKER, ""): marked("A tone was played in {device}."),
        (Step.SPEAKER, "other-device"): marked("{device} is used, as the one you chose is not there."),
        (Step.RING, ""): marked("It rings in {devices}."),
        (Step.RING, "place-away"): marked(
            "It rings in {devices}. Another place you chose is not plugged in."
        ),
    }
)

FAILED: MappingProxyType[str, str] = MappingProxyType(
    {
        "too-slow": marked("This took too long: try again, and tell your IT support if it goes on."),
        "not-signed-in": marked("You are not signed in: sign in first."),
        "ca-file": marked("The certificate file {file} can't be read: ask your IT support for it."),
        "udp-blocked": marked(
            "This computer lets no sound into the network: ask your IT support to open its firewall."
        ),
        "no-call": marked("The echo number {number} can't be called: tell your IT support."),
        "no-answer": marked("The echo number {number} does not answer: tell your IT support."),
        "nothing-arrives": marked(
            "No sound comes back: a firewall is in the way. Try another network, or tell your IT support."
        ),
        "no-echo": marked(
            "Sound comes back, but not yours: tell your IT support that the echo number is no echo."
        ),
        "microphone-denied": marked(
            "This computer does not let Softphone hear you: allow it in the privacy settings."
        ),
        "no-microphone": marked("There is no microphone: plug in a headset."),
        "microphone-muted": marked(
            "{device} gives nothing at all: press its mute button, or allow it in the privacy settings."
        ),
        "microphone-too-loud": marked(
            "{device} is far too loud: turn it down, or move it away from your mouth."
        ),
        "microphone-failed": marked("{device} could not be used: plug it in again or choose another one."),
        "no-speaker": marked("There is nothing to hear with: plug in a headset."),
        "speaker-failed": marked("{device} could not be used: plug it in again or choose another one."),
        "no-ring": marked("A call would ring nowhere: choose an alert place under Headset."),
        "ring-failed": marked("It does not ring in {device}: plug it in again or choose another place."),
    }
)

SKIPPED: MappingProxyType[str, str] = MappingProxyType(
    {
        "in-call": marked("Not checked during a call."),
        "no-tls": marked("There is none: the connection is not encrypted by TLS."),
        "no-line": marked("Not checked without a line."),
        "not-signed-in": marked("Not checked, as you are not signed in."),
        "server-silent": marked("Not checked, as the server does not answer."),
    }
)


def title(words: Words, step: Step) -> str:
    """What a step is called."""
    return words._(TITLES[step])


def sentence(words: Words, result: StepResult, server: str) -> str:
    """What a step that is done has to say; `server` is the one signed in at."""
    facts = defaultdict(str, {"server": server, **dict(result.facts)})
    match result.outcome:
        case Outcome.PASSED:
            return words._(PASSED[result.step, result.code]).format_map(facts)
        case Outcome.SKIPPED:
            return words._(SKIPPED[result.code])
        case Outcome.FAILED if result.code in FAILED:
            return words._(FAILED[result.code]).format_map(facts)
        case Outcome.FAILED if result.code in set(Refusal):
            advice = sentences.refusal(words, result.code, facts["server"])
            return f"{advice.text} {advice.what_to_do}"
    return ""
