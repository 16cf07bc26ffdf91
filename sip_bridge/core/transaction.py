"""The four transaction machines of RFC 3261 section 17, with RFC 6026 (Accepted) and RFC 4320, as one table.

A transaction here only knows what to do next; `transaction_layer` does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from sip_bridge.core.effects import Flow
from sip_bridge.core.message import Request, Response
from sip_bridge.core.timers import GIVE_UP, T1, T2, T4, TIMER_D


class Kind(Enum):
    """Which of the four machines."""

    INVITE_CLIENT = auto()
    CLIENT = auto()
    INVITE_SERVER = auto()
    SERVER = auto()


class State(Enum):
    """States as the RFCs draw them."""

    CALLING = auto()
    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    ACCEPTED = auto()
    TERMINATED = auto()


class Input(Enum):
    """What can happen to a transaction. The last four are its timers and its transport."""

    PROVISIONAL = auto()
    SUCCESS = auto()
    FAILURE = auto()
    REQUEST = auto()
    ACK = auto()
    RESEND = auto()  # timers A, E, G
    GIVE_UP = auto()  # timers B, F, H
    LINGER = auto()  # timers D, I, J, K, L, M
    TRYING = auto()  # RFC 4320 4.1: 100 for a slow answer
    TRANSPORT_ERROR = auto()


class Action(Enum):
    """What the layer does for a step, in order."""

    PASS = auto()  # to the transaction user
    SEND = auto()  # transmit what this step is about (a response of ours)
    REPEAT = auto()  # transmit again what went out last
    BACK_OFF = auto()  # double the interval of RESEND
    SLOW_DOWN = auto()  # RESEND every T2 from now on
    ACKNOWLEDGE = auto()  # ACK to a refused INVITE
    HUSH = auto()  # stop RESEND, GIVE_UP and TRYING
    LINGER = auto()  # start the timer that ends the transaction
    REPEAT_UNTIL_ACK = auto()  # start RESEND and GIVE_UP for a final refusal
    SEND_TRYING = auto()
    FAIL = auto()  # tell the transaction user that nobody answered
    UNREACHABLE = auto()  # tell the transaction user that the transport failed
    ACK_MISSING = auto()  # tell the transaction user that its refusal was never acknowledged


Step = tuple[State, tuple[Action, ...]]
_S, _I, _A = State, Input, Action

_INVITE_CLIENT: dict[tuple[State, Input], Step] = {
    (_S.CALLING, _I.RESEND): (_S.CALLING, (_A.REPEAT, _A.BACK_OFF)),
    (_S.CALLING, _I.GIVE_UP): (_S.TERMINATED, (_A.FAIL,)),
    (_S.CALLING, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_A.UNREACHABLE,)),
    (_S.CALLING, _I.PROVISIONAL): (_S.PROCEEDING, (_A.HUSH, _A.PASS)),
    (_S.CALLING, _I.SUCCESS): (_S.ACCEPTED, (_A.HUSH, _A.LINGER, _A.PASS)),
    (_S.CALLING, _I.FAILURE): (_S.COMPLETED, (_A.HUSH, _A.ACKNOWLEDGE, _A.LINGER, _A.PASS)),
    (_S.PROCEEDING, _I.PROVISIONAL): (_S.PROCEEDING, (_A.PASS,)),
    (_S.PROCEEDING, _I.SUCCESS): (_S.ACCEPTED, (_A.LINGER, _A.PASS)),
    (_S.PROCEEDING, _I.FAILURE): (_S.COMPLETED, (_A.ACKNOWLEDGE, _A.LINGER, _A.PASS)),
    (_S.COMPLETED, _I.FAILURE): (_S.COMPLETED, (_A.ACKNOWLEDGE,)),
    (_S.COMPLETED, _I.LINGER): (_S.TERMINATED, ()),
    (_S.ACCEPTED, _I.SUCCESS): (_S.ACCEPTED, (_A.PASS,)),
    (_S.ACCEPTED, _I.LINGER): (_S.TERMINATED, ()),
}

_CLIENT: dict[tuple[State, Input], Step] = {
    (_S.TRYING, _I.RESEND): (_S.TRYING, (_A.REPEAT, _A.BACK_OFF)),
    (_S.TRYING, _I.GIVE_UP): (_S.TERMINATED, (_A.FAIL,)),
    (_S.TRYING, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_A.UNREACHABLE,)),
    (_S.TRYING, _I.PROVISIONAL): (_S.PROCEEDING, (_A.SLOW_DOWN, _A.PASS)),
    (_S.TRYING, _I.SUCCESS): (_S.COMPLETED, (_A.HUSH, _A.LINGER, _A.PASS)),
    (_S.TRYING, _I.FAILURE): (_S.COMPLETED, (_A.HUSH, _A.LINGER, _A.PASS)),
    (_S.PROCEEDING, _I.RESEND): (_S.PROCEEDING, (_A.REPEAT, _A.SLOW_DOWN)),
    (_S.PROCEEDING, _I.GIVE_UP): (_S.TERMINATED, (_A.FAIL,)),
    (_S.PROCEEDING, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_A.UNREACHABLE,)),
    (_S.PROCEEDING, _I.PROVISIONAL): (_S.PROCEEDING, (_A.PASS,)),
    (_S.PROCEEDING, _I.SUCCESS): (_S.COMPLETED, (_A.HUSH, _A.LINGER, _A.PASS)),
    (_S.PROCEEDING, _I.FAILURE): (_S.COMPLETED, (_A.HUSH, _A.LINGER, _A.PASS)),
    (_S.COMPLETED, _I.LINGER): (_S.TERMINATED, ()),
}

_INVITE_SERVER: dict[tuple[State, Input], Step] = {
    (_S.PROCEEDING, _I.REQUEST): (_S.PROCEEDING, (_A.REPEAT,)),
    (_S.PROCEEDING, _I.PROVISIONAL): (_S.PROCEEDING, (_A.SEND,)),
    (_S.PROCEEDING, _I.SUCCESS): (_S.ACCEPTED, (_A.SEND, _A.LINGER)),
    (_S.PROCEEDING, _I.FAILURE): (_S.COMPLETED, (_A.SEND, _A.REPEAT_UNTIL_ACK)),
    (_S.COMPLETED, _I.REQUEST): (_S.COMPLETED, (_A.REPEAT,)),
    (_S.COMPLETED, _I.RESEND): (_S.COMPLETED, (_A.REPEAT, _A.BACK_OFF)),
    (_S.COMPLETED, _I.GIVE_UP): (_S.TERMINATED, (_A.ACK_MISSING,)),
    (_S.COMPLETED, _I.ACK): (_S.CONFIRMED, (_A.HUSH, _A.LINGER)),
    (_S.CONFIRMED, _I.LINGER): (_S.TERMINATED, ()),
    (_S.ACCEPTED, _I.SUCCESS): (_S.ACCEPTED, (_A.SEND,)),
    (_S.ACCEPTED, _I.LINGER): (_S.TERMINATED, ()),
}

_SERVER: dict[tuple[State, Input], Step] = {
    (_S.TRYING, _I.TRYING): (_S.PROCEEDING, (_A.SEND_TRYING,)),
    (_S.TRYING, _I.PROVISIONAL): (_S.PROCEEDING, (_A.SEND,)),
    (_S.TRYING, _I.SUCCESS): (_S.COMPLETED, (_A.HUSH, _A.SEND, _A.LINGER)),
    (_S.TRYING, _I.FAILURE): (_S.COMPLETED, (_A.HUSH, _A.SEND, _A.LINGER)),
    (_S.TRYING, _I.GIVE_UP): (_S.TERMINATED, ()),
    (_S.PROCEEDING, _I.REQUEST): (_S.PROCEEDING, (_A.REPEAT,)),
    (_S.PROCEEDING, _I.PROVISIONAL): (_S.PROCEEDING, (_A.SEND,)),
    (_S.PROCEEDING, _I.SUCCESS): (_S.COMPLETED, (_A.HUSH, _A.SEND, _A.LINGER)),
    (_S.PROCEEDING, _I.FAILURE): (_S.COMPLETED, (_A.HUSH, _A.SEND, _A.LINGER)),
    (_S.PROCEEDING, _I.GIVE_UP): (_S.TERMINATED, ()),
    (_S.COMPLETED, _I.REQUEST): (_S.COMPLETED, (_A.REPEAT,)),
    (_S.COMPLETED, _I.LINGER): (_S.TERMINATED, ()),
}

TABLE: MappingProxyType[Kind, MappingProxyType[tuple[State, Input], Step]] = MappingProxyType(
    {
        Kind.INVITE_CLIENT: MappingProxyType(_INVITE_CLIENT),
        Kind.CLIENT: MappingProxyType(_CLIENT),
        Kind.INVITE_SERVER: MappingProxyType(_INVITE_SERVER),
        Kind.SERVER: MappingProxyType(_SERVER),
    }
)
"""Machine → (state, input) → (next state, actions). Anything else is ignored: late, doubled or impossible."""

FIRST = MappingProxyType(
    {
        Kind.INVITE_CLIENT: State.CALLING,
        Kind.CLIENT: State.TRYING,
        Kind.INVITE_SERVER: State.PROCEEDING,
        Kind.SERVER: State.TRYING,
    }
)

# Seconds of the timer that ends a transaction, per (machine, state): (reliable transport, UDP).
_LINGER = MappingProxyType(
    {
        (Kind.INVITE_CLIENT, State.COMPLETED): (0.0, TIMER_D),
        (Kind.INVITE_CLIENT, State.ACCEPTED): (GIVE_UP, GIVE_UP),
        (Kind.CLIENT, State.COMPLETED): (0.0, T4),
        (Kind.INVITE_SERVER, State.CONFIRMED): (0.0, T4),
        (Kind.INVITE_SERVER, State.ACCEPTED): (GIVE_UP, GIVE_UP),
        (Kind.SERVER, State.COMPLETED): (0.0, GIVE_UP),
    }
)


@dataclass(eq=False)
class Transaction:
    """One transaction. `key` is what messages are matched by; `last` what is transmitted again.

    `user` belongs to the transaction user: whatever it wants to find again with the transaction's events.
    """

    kind: Kind
    key: tuple[str, ...]
    request: Request
    flow: Flow
    state: State
    response: Response | None = None
    last: bytes = b""
    interval: float = T1
    user: object = None

    @property
    def is_client(self) -> bool:
        """Whether we sent the request."""
        return self.kind in {Kind.INVITE_CLIENT, Kind.CLIENT}

    @property
    def said(self) -> Response:
        """The response that came or went last."""
        if self.response is None:
            raise AssertionError("no response yet")
        return self.response

    @property
    def terminated(self) -> bool:
        """Whether it is over and forgotten."""
        return self.state is State.TERMINATED

    @property
    def answered(self) -> bool:
        """Whether a final response went out or came in."""
        return self.state not in {State.CALLING, State.TRYING, State.PROCEEDING}

    def step(self, happened: Input) -> tuple[Action, ...]:
        """Move by the table; the actions the layer must do, none if the table has no such row."""
        row = TABLE[self.kind].get((self.state, happened))
        if row is None:
            return ()
        self.state, actions = row
        return actions

    def linger(self) -> float:
        """Seconds until the transaction in its present state may be forgotten."""
        reliable, datagram = _LINGER[self.kind, self.state]
        return reliable if self.flow.reliable else datagram

    def back_off(self) -> float:
        """Double the interval; only timer A grows beyond T2 (RFC 3261 17.1.1.2)."""
        self.interval *= 2
        if self.kind is not Kind.INVITE_CLIENT:
            self.interval = min(self.interval, T2)
        return self.interval
