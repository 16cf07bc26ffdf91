"""One sentence for each thing that can happen, each with what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from resources.words import Words, marked
from softphone.domain.account import Refusal
from softphone.domain.call import EndReason
from softphone.domain.device import DeviceState
from softphone.domain.errors import SoftphoneError
from softphone.domain.quality import Trouble
from softphone.presenters.parts import Advice, Tone

REFUSALS: MappingProxyType[Refusal, tuple[str, str]] = MappingProxyType(
    {
        Refusal.SERVER_NOT_FOUND: (
            marked("The server {server} was not found."),
            marked("Check the server address for typing errors."),
        ),
        Refusal.NO_NETWORK: (
            marked("This computer has no network connection."),
            marked("Connect to a network and sign in again."),
        ),
        Refusal.SERVER_SILENT: (
            marked("The server {server} does not answer."),
            marked("Wait a moment and try again. If this goes on, tell your IT support."),
        ),
        Refusal.CERTIFICATE: (
            marked("The certificate of {server} is not trusted, so your password was not sent."),
            marked("Check the server address, or ask your IT support for the right certificate file."),
        ),
        Refusal.WRONG_CREDENTIALS: (
            marked("The phone number or the password is wrong."),
            marked("Check both and sign in again."),
        ),
        Refusal.NO_RIGHT: (
            marked("This phone number may not use Softphone."),
            marked("Ask your company's main user to give you the right to use it."),
        ),
        Refusal.OTHER_SERVER: (
            marked("{server} leads to {other}, so your password was not sent."),
            marked("Ask your IT support which server address is right."),
        ),
        Refusal.TOO_OLD: (
            marked("This version of Softphone is too old for the server."),
            marked("Install the newest version and sign in again."),
        ),
        Refusal.BAD_ADDRESS: (
            marked("This is not a server address."),
            marked("Type it like vip.example.com, without spaces."),
        ),
        Refusal.BAD_NUMBER: (
            marked("This is not a phone number."),
            marked("Type it like 0401234567 or +358401234567."),
        ),
        Refusal.SERVER_ERROR: (
            marked("The server could not sign you in."),
            marked("Try again in a moment. If this goes on, tell your IT support."),
        ),
    }
)

WRONG_FIELD: MappingProxyType[Refusal, str] = MappingProxyType(
    {
        Refusal.SERVER_NOT_FOUND: "server",
        Refusal.BAD_ADDRESS: "server",
        Refusal.CERTIFICATE: "server",
        Refusal.OTHER_SERVER: "server",
        Refusal.BAD_NUMBER: "user",
        Refusal.NO_RIGHT: "user",
        Refusal.WRONG_CREDENTIALS: "password",
    }
)
"""Where the person has to look; the others are nothing that was typed."""

ENDINGS: MappingProxyType[EndReason, str] = MappingProxyType(
    {
        EndReason.HUNG_UP: marked("Call ended"),
        EndReason.REMOTE_HUNG_UP: marked("The other side hung up"),
        EndReason.BUSY: marked("Busy: try again later"),
        EndReason.DECLINED: marked("The call was declined"),
        EndReason.NO_ANSWER: marked("No answer: try again later"),
        EndReason.CANCELLED: marked("Call cancelled"),
        EndReason.ANSWERED_ELSEWHERE: marked("Answered on another device"),
        EndReason.NOT_FOUND: marked("There is no such number: check it and dial again"),
        EndReason.UNREACHABLE: marked("The other side can't be reached now: try again later"),
        EndReason.NOT_ALLOWED: marked("You may not call this number: ask your company's main user"),
        EndReason.NO_COMMON_CODEC: marked("The phones have no sound format in common: tell your IT support"),
        EndReason.ENCRYPTION_REQUIRED: marked(
            "The other side can't encrypt, and your settings require it: call another way"
        ),
        EndReason.TRANSFERRED: marked("Transferred"),
        EndReason.NETWORK_LOST: marked("The network broke off: call again when you are connected"),
        EndReason.SERVER_ERROR: marked("The server failed: try again in a moment"),
        EndReason.FAILED: marked("The call failed: try again"),
    }
)

NOTICES: MappingProxyType[str, tuple[Tone, str, str]] = MappingProxyType(
    {
        "secrets-unavailable": (
            Tone.WARN,
            marked("Your password could not be kept on this computer."),
            marked("You stay signed in, but you will be asked for it at the next start."),
        ),
        "storage-failed": (
            Tone.WARN,
            marked("What you do now can't be saved on this computer."),
            marked("Check that the disk has free space. Calls work as usual."),
        ),
        "storage-recovered": (Tone.GOOD, marked("Saving works again."), marked("Nothing was lost.")),
        "settings-recovered": (
            Tone.WARN,
            marked("The settings file was damaged, so Softphone started with standard settings."),
            marked("Check your headset and the alert place."),
        ),
        "history-recovered": (
            Tone.WARN,
            marked("The call list was damaged, so a new one was started."),
            marked("The damaged list was kept beside it."),
        ),
        "contacts-recovered": (
            Tone.WARN,
            marked("The contact list was damaged, so a new one was started."),
            marked("The damaged list was kept beside it."),
        ),
        "device-lost": (
            Tone.WARN,
            marked("{device} was unplugged."),
            marked("Another device is in use until you plug it in again."),
        ),
        "device-none": (
            Tone.BAD,
            marked("No sound device was found."),
            marked("Plug in a headset to hear and be heard."),
        ),
        "transfer-failed": (
            Tone.WARN,
            marked("The transfer did not succeed."),
            marked("The call is still yours: go on talking or try another number."),
        ),
        "call-not-encrypted": (
            Tone.WARN,
            marked("This call is not encrypted."),
            marked("Say nothing that others must not hear."),
        ),
        "call-flood": (
            Tone.WARN,
            marked("Very many calls come in at once, so new ones hear that you are busy."),
            marked("Calls you are in go on as usual. If this does not stop, tell your IT support."),
        ),
        "network-lost": (
            Tone.WARN,
            marked("The network is gone."),
            marked("Softphone connects again by itself when it is back."),
        ),
    }
)

TROUBLES: MappingProxyType[Trouble, tuple[Tone, str, str]] = MappingProxyType(
    {
        Trouble.NO_MICROPHONE: (
            Tone.BAD,
            marked("They can't hear you: there is no microphone."),
            marked("Plug in a headset."),
        ),
        Trouble.MICROPHONE_SILENT: (
            Tone.BAD,
            marked("They can't hear you: {microphone} is muted."),
            marked("Press its mute button, or allow the microphone in this computer's privacy settings."),
        ),
        Trouble.NOTHING_SENT: (
            Tone.BAD,
            marked("They can't hear you: your sound does not leave this computer."),
            marked("Hang up and call again. If this goes on, tell your IT support."),
        ),
        Trouble.NOTHING_ARRIVES: (
            Tone.BAD,
            marked("You can't hear them: nothing arrives from the other side."),
            marked("They may hear you. Say that you will call again."),
        ),
        Trouble.ARRIVES_SILENT: (
            Tone.WARN,
            marked("The other side is silent."),
            marked("Their microphone may be muted."),
        ),
        Trouble.OTHER_MICROPHONE: (
            Tone.WARN,
            marked("You speak into {microphone}."),
            marked("The microphone you chose is not plugged in."),
        ),
        Trouble.OTHER_SPEAKER: (
            Tone.WARN,
            marked("You hear them in {speaker}."),
            marked("The speaker you chose is not plugged in."),
        ),
        Trouble.THEY_LOSE_SOUND: (
            Tone.WARN,
            marked("The other side loses part of what you say."),
            marked("Go nearer to the Wi-Fi, or use a cable."),
        ),
        Trouble.WE_LOSE_SOUND: (
            Tone.WARN,
            marked("Part of what they say is lost on the way."),
            marked("Go nearer to the Wi-Fi, or use a cable. It may also be their network."),
        ),
    }
)

FAILURES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "not-signed-in": (
            marked("There is no connection to the phone service now."),
            marked("Wait until the line is registered and try again."),
        ),
        "bad-target": (
            marked("This is not a phone number or an address."),
            marked("Type a number like 0401234567 or an address like aino@example.com."),
        ),
        "several-contacts": (
            marked("More than one contact has this name."),
            marked("Choose one of them from the contacts."),
        ),
        "bad-setting": (
            marked("This setting can't be changed."),
            marked("Your company has decided it."),
        ),
        "device": (
            marked("The sound device could not be used."),
            marked("Plug it in again or choose another one."),
        ),
        "storage": (
            marked("The file could not be read or written."),
            marked("Check that it is there and that the disk has free space."),
        ),
        "refused": (
            marked("That is not possible right now."),
            marked("Wait a moment and try again."),
        ),
    }
)


def refusal(words: Words, code: str, server: str, other: str = "") -> Advice:
    """Why signing in failed and what to do; an unknown code reads as a fault of the server.

    `other` is the server the typed one leads to, where that is known.
    """
    known = Refusal(code) if code in set(Refusal) else Refusal.SERVER_ERROR
    text, what_to_do = REFUSALS[known]
    other = other or words._("another server")
    return Advice(known, Tone.BAD, words._(text).format(server=server, other=other), words._(what_to_do))


def ending(words: Words, reason: EndReason | None) -> str:
    """Why a call ended."""
    return words._(ENDINGS[reason or EndReason.HUNG_UP])


def notice(words: Words, code: str, parameters: Mapping[str, str]) -> Advice | None:
    """A notice in words; None for codes that are no sentence."""
    if code not in NOTICES:
        return None
    tone, text, what_to_do = NOTICES[code]
    device = parameters.get("device") or words._("The device")
    action = ("headset", words._("Open Audio settings")) if code.startswith("device-") else ("", "")
    return Advice(code, tone, words._(text).format(device=device), words._(what_to_do), *action)


def trouble(words: Words, found: Trouble, devices: DeviceState) -> Advice:
    """What is wrong with a call's sound, on which side, and what helps."""
    tone, text, what_to_do = TROUBLES[found]
    text = words._(text).format(
        microphone=devices.microphone_used or words._("the microphone"),
        speaker=devices.speaker_used or words._("the speaker"),
    )
    ours = found in (Trouble.NO_MICROPHONE, Trouble.MICROPHONE_SILENT)
    other = found in (Trouble.OTHER_MICROPHONE, Trouble.OTHER_SPEAKER)
    action = ("headset", words._("Open Audio settings")) if ours or other else ("", "")
    return Advice(f"trouble-{found}", tone, text, words._(what_to_do), *action)


def failure(words: Words, error: SoftphoneError) -> Advice:
    """What could not be done, in words."""
    text, what_to_do = FAILURES.get(error.code, FAILURES["refused"])
    return Advice(f"failure-{error.code}", Tone.WARN, words._(text), words._(what_to_do))
