"""Where a session stands in offer and answer: what we sent last, what is open, what holds (RFC 3264)."""

from __future__ import annotations

from dataclasses import replace

from sip_bridge.core.errors import SipError
from sip_bridge.core.offer_answer import (
    LocalAudio,
    NegotiatedAudio,
    accept_answer,
    make_answer,
    make_offer,
)
from sip_bridge.core.sdp import SessionDescription
from sip_bridge.core.sdp_values import Direction


class NotNegotiated(SipError):
    """Something was asked that needs an agreement, an offer or DTMF, and there is none."""


class Negotiation:
    """Versions, directions and the open offer of one session. `wish` is the direction we want now."""

    def __init__(self) -> None:
        self.wish = Direction.SENDRECV
        self.agreed: NegotiatedAudio | None = None
        self._open: tuple[SessionDescription, LocalAudio] | None = None
        self._last_sent: SessionDescription | None = None

    def offer(self, local: LocalAudio) -> SessionDescription:
        """A new offer; it stays open until answered or abandoned. Raises EncryptionRequired."""
        local = replace(local, last_sent=self._last_sent)
        offer = self._last_sent = make_offer(local, self.agreed)
        self._open = offer, local
        return offer

    def accept(self, answer: SessionDescription) -> NegotiatedAudio:
        """Read an answer to the open offer; a forked call brings several, and the offer stays open for them.

        Raises NotNegotiated, BadAnswer, NoCommonCodec, EncryptionRequired.
        """
        if self._open is None:
            raise NotNegotiated("no offer of ours is open")
        offer, local = self._open
        self.agreed = accept_answer(offer, answer, local)
        self.wish = local.direction
        return self.agreed

    def answer(self, offer: SessionDescription, local: LocalAudio) -> SessionDescription:
        """Answer the peer's offer. Raises NoCommonCodec, EncryptionRequired, EncryptionUnavailable."""
        local = replace(local, last_sent=self._last_sent)
        self._last_sent, self.agreed = make_answer(offer, local, self.agreed)
        return self._last_sent

    def abandon(self) -> None:
        """The open offer was refused: what was agreed before goes on."""
        if self.agreed is not None:
            self._open = None
