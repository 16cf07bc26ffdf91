"""Sentences about meetings: each says what is so, and what to do next."""

from __future__ import annotations

from types import MappingProxyType

from resources.words import Words, marked
from softphone.domain.errors import SoftphoneError
from softphone.domain.meeting import Assurance, DeviceCheck, Person, SessionState, Trouble
from softphone.presenters import sentences
from softphone.presenters.parts import Advice, Sign, Tone

SILENT = (
    marked("The meeting service does not answer."),
    marked("Check your network. If this goes on, tell your IT support."),
)
NO_PICTURES = (
    marked("Picture and sound could not be connected."),
    marked("Softphone tries again by itself."),
)
NOT_NOW = (marked("That is not possible right now."), marked("Wait a moment and try again."))

FAILURES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "bad-target": (
            marked("This is not a meeting link."),
            marked("Copy the whole link from your invitation: it begins with https://."),
        ),
        "not-signed-in": (
            marked("The meeting service does not know you any more."),
            marked("Sign out and sign in again, or open the link from your invitation."),
        ),
        "not-allowed": (
            marked("You may not do that in this meeting."),
            marked("Ask the one who holds the meeting."),
        ),
        "form:not-allowed": (
            marked("Your account may not make or change this meeting."),
            marked("Ask your IT support for the right to make meetings."),
        ),
        "not-found": (
            marked("This meeting is no longer there."),
            marked("Look at the list again, or ask the expert for a new invitation."),
        ),
        "link-unknown": (
            marked("This link leads to no meeting."),
            marked("Copy the whole link from your invitation, or ask the expert for a new one."),
        ),
        "link-expired": (
            marked("This link can't be used any more."),
            marked("Ask the expert for a new one."),
        ),
        "too-early": (
            marked("The meeting is not open yet."),
            marked("It opens shortly before the start: look at the time in your invitation."),
        ),
        "meeting-over": (marked("The meeting is over."), marked("Ask the expert for a new time.")),
        "meeting-cancelled": (
            marked("The meeting was cancelled."),
            marked("Ask the expert for a new time."),
        ),
        "bad-request": (
            marked("The meeting service does not accept what was typed."),
            marked("Check the fields and try again."),
        ),
        "code-in-chat": (
            marked("The message was not sent: it holds a confirmation code."),
            marked("A code is said aloud and typed in its own field. If it was for you, ask for a new one."),
        ),
        "ticket-refused": NO_PICTURES,
        "no-media": NO_PICTURES,
        "engine-down": NO_PICTURES,
        "too-many-tries": (
            marked("That was tried too often in a short time."),
            marked("Wait a few minutes and try again."),
        ),
        "chat:too-many-tries": (
            marked("The message was not sent: there were too many in a short time."),
            marked("Wait a moment and send it again."),
        ),
        "too-old": (
            marked("This version of Softphone is too old for the meeting service."),
            marked("Install the newest version and try again."),
        ),
        "conflict": (
            marked("Somebody else changed this meeting at the same time."),
            marked("Open it again and repeat your change."),
        ),
        "server-error": (
            marked("The meeting service failed."),
            marked("Try again in a moment. If this goes on, tell your IT support."),
        ),
        "server-silent": SILENT,
        "server-not-found": (
            marked("The meeting service was not found."),
            marked("Check the link, and your network."),
        ),
        "no-network": (
            marked("This computer has no network connection."),
            marked("Connect to a network and try again."),
        ),
        "certificate": (
            marked("The certificate of the meeting service is not trusted, so nothing was sent."),
            marked("Don't go on. Ask the expert or your IT support."),
        ),
        "in-a-meeting": (
            marked("You are in another meeting."),
            marked("Leave it first, then open this one."),
        ),
        "no-meeting": (marked("There is no meeting to do this in."), marked("Join it first.")),
        "no-number": (
            marked("The invitation names no number to call."),
            marked("Write to the expert in the meeting."),
        ),
        "wrong-state": NOT_NOW,
        "refused": NOT_NOW,
    }
)

CODE_FAULTS: MappingProxyType[str, str] = MappingProxyType(
    {
        "code-expired": marked("This code is too old. Ask the expert for a new one."),
        "no-code": marked("The expert has not given you a code yet. Ask for one."),
        "too-many-tries": marked("Too many wrong codes. Ask the expert for a new one."),
    }
)

ASSURANCE: MappingProxyType[Assurance, tuple[str, str, Tone]] = MappingProxyType(
    {
        Assurance.LINK: ("link", marked("link only"), Tone.QUIET),
        Assurance.PHONE: ("phone", marked("phone proven"), Tone.GOOD),
        Assurance.SIGNED_IN: ("person", marked("signed in"), Tone.GOOD),
        Assurance.STRONG: ("check", marked("strongly identified"), Tone.GOOD),
    }
)

CAMERA_CHECKS: MappingProxyType[DeviceCheck, tuple[str, str, Tone]] = MappingProxyType(
    {
        DeviceCheck.UNKNOWN: ("camera", marked("The camera starts …"), Tone.QUIET),
        DeviceCheck.OK: ("check", marked("This is how others see you."), Tone.GOOD),
        DeviceCheck.OFF: (
            "camera-off",
            marked("Your camera is off. You can switch it on later."),
            Tone.QUIET,
        ),
        DeviceCheck.MISSING: (
            "camera-off",
            marked("No camera was found. Plug one in, or join without."),
            Tone.WARN,
        ),
        DeviceCheck.DENIED: (
            "camera-off",
            marked("This computer does not let Softphone use the camera."),
            Tone.BAD,
        ),
        DeviceCheck.BUSY: (
            "warning",
            marked("Another program uses the camera. Close it there, then try again."),
            Tone.WARN,
        ),
        DeviceCheck.BLACK: (
            "warning",
            marked("The picture is black: look whether a lid covers the camera."),
            Tone.WARN,
        ),
        DeviceCheck.FAILED: (
            "warning",
            marked("The camera gives no picture. Plug it in again, or choose another one."),
            Tone.BAD,
        ),
    }
)

STATES: MappingProxyType[SessionState, str] = MappingProxyType(
    {
        SessionState.INVITED: marked("invited"),
        SessionState.PREJOIN: marked("tests the equipment"),
        SessionState.WAITING: marked("waits in the lobby"),
        SessionState.WAITING_FOR_OTHERS: marked("waits for the others"),
        SessionState.ADMITTED: marked("is coming in"),
        SessionState.CONNECTED: "",
        SessionState.RECONNECTING: marked("connection lost, coming back"),
        SessionState.LEFT: marked("has left"),
        SessionState.DECLINED: marked("was declined"),
        SessionState.REMOVED: marked("was removed"),
    }
)

TROUBLES: MappingProxyType[Trouble, tuple[Tone, str, str, str]] = MappingProxyType(
    {
        Trouble.SERVICE_AWAY: (
            Tone.WARN,
            marked("The connection to the meeting is lost."),
            marked("Softphone connects again by itself."),
            "",
        ),
        Trouble.MEDIA_AWAY: (
            Tone.WARN,
            marked("Picture and sound are interrupted."),
            marked("Softphone connects them again by itself."),
            marked("Reconnect now"),
        ),
        Trouble.TAKEN_OVER: (
            Tone.BAD,
            marked("The meeting was opened in another place with your link."),
            marked("Go on there, or come back here."),
            marked("Come back here"),
        ),
        Trouble.CAMERA_FAILED: (
            Tone.WARN,
            marked("Your camera gives no picture."),
            marked("Look whether another program uses it, then switch it on again."),
            "",
        ),
    }
)


def failure(words: Words, error: SoftphoneError, where: str = "") -> Advice:
    """What could not be done, in words. `where` is "form" or "chat", which have words of their own."""
    found = FAILURES.get(f"{where}:{error.code}") or FAILURES.get(error.code)
    if found is None:
        return sentences.failure(words, error)
    text, what_to_do = found
    return Advice(f"failure-{error.code}", Tone.BAD, words._(text), words._(what_to_do))


def trouble(words: Words, found: Trouble) -> Advice | None:
    """What is wrong with the meeting now; `action` is the trouble itself where a button helps."""
    if found not in TROUBLES:
        return None
    tone, text, what_to_do, act = TROUBLES[found]
    action = (str(found), words._(act)) if act else ("", "")
    return Advice(f"trouble-{found}", tone, words._(text), words._(what_to_do), *action)


def assurance(words: Words, person: Person) -> Sign:
    """How sure the service is of who somebody is; a code heard in a meeting adds itself."""
    icon, text, tone = ASSURANCE[person.assurance]
    if not person.code_confirmed:
        return Sign(icon, words._(text), tone)
    confirmed = words._("{level}, code confirmed").format(level=words._(text))
    return Sign(icon if tone is Tone.GOOD else "check", confirmed, Tone.GOOD)


def level(words: Words, demanded: Assurance) -> str:
    """A level of assurance in words."""
    return words._(ASSURANCE[demanded][1])


CAMERA: MappingProxyType[DeviceCheck, str] = MappingProxyType(
    {
        DeviceCheck.OK: marked("camera works"),
        DeviceCheck.OFF: marked("camera off"),
        DeviceCheck.UNKNOWN: marked("camera not tested"),
        DeviceCheck.MISSING: marked("no camera"),
    }
)
CAMERA_SILENT = marked("camera shows no picture")


def equipment(words: Words, person: Person) -> Sign:
    """How the devices of one who waits did on their test page."""
    found = person.equipment
    camera = words._(CAMERA.get(found.camera, CAMERA_SILENT))
    heard = found.microphone is DeviceCheck.OK
    microphone = words._("microphone works") if heard else words._("microphone not tested")
    if found.microphone in (DeviceCheck.MISSING, DeviceCheck.DENIED, DeviceCheck.FAILED, DeviceCheck.SILENT):
        microphone = words._("no microphone")
    return Sign("check" if heard else "info", f"{camera}, {microphone}", Tone.GOOD if heard else Tone.QUIET)


def lock(words: Words, server: str) -> Sign:
    """To whom the connection is encrypted; it never claims more."""
    return Sign("lock", words._("encrypted to {server}").format(server=server), Tone.GOOD)
