"""The transaction layer: matches messages to transactions and does what their table says (RFC 3261 17, 18).

Usable without the rest of the user agent (a proxy or back-to-back agent): requests and responses in, Transmit
effects and transaction events out. Stateless sends (`send`) serve the ACK of a 2xx.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b

from sip_bridge.core.effects import Flow, Transmit
from sip_bridge.core.errors import MessageError
from sip_bridge.core.matching import (
    COOKIE,
    answers,
    class_of,
    companion,
    identity,
    reply_address,
    seen_from,
    server_key,
)
from sip_bridge.core.message import Request, Response
from sip_bridge.core.timers import GIVE_UP, T1, T2, Agenda
from sip_bridge.core.transaction import FIRST, Action, Input, Kind, State, Transaction

_TIMERS = (Input.RESEND, Input.GIVE_UP, Input.LINGER, Input.TRYING)
TRYING_AFTER = 3.5
"""When timer E of the peer has grown to T2: from then on a 100 helps (RFC 4320 4.1)."""


@dataclass(frozen=True, slots=True)
class RequestArrived:
    """A new request. `cancels`: the INVITE a CANCEL is about. `merged`: it came another way before (482)."""

    transaction: Transaction
    cancels: Transaction | None = None
    merged: bool = False


@dataclass(frozen=True, slots=True)
class AckArrived:
    """The ACK of a 2xx: it belongs to a dialog, not to a transaction."""

    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class ResponseArrived:
    """A response to a request of ours; a 2xx to an INVITE may come several times."""

    transaction: Transaction
    response: Response
    flow: Flow


@dataclass(frozen=True, slots=True)
class TransactionFailed:
    """Nobody answered our request: `unreachable` is False for a timeout, True when the transport broke."""

    transaction: Transaction
    unreachable: bool


@dataclass(frozen=True, slots=True)
class AckMissing:
    """Our refusal of an INVITE was never acknowledged."""

    transaction: Transaction


TransactionEvent = RequestArrived | AckArrived | ResponseArrived | TransactionFailed | AckMissing


class TransactionLayer:
    """All transactions of one user agent, at most `limit` of them from outside."""

    def __init__(
        self, random: Callable[[int], bytes], agenda: Agenda | None = None, *, limit: int = 1000
    ) -> None:
        """`random(n)` returns n unpredictable bytes: branches must not be guessable."""
        self._random = random
        self._agenda = agenda if agenda is not None else Agenda()
        self._limit = limit
        self._table: dict[tuple[str, ...], Transaction] = {}
        self._branches: Counter[str] = Counter()
        self._secret = b""
        self._arrivals: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._effects: list[Transmit] = []
        self._events: list[TransactionEvent] = []

    def __len__(self) -> int:
        """How many transactions are alive."""
        return len(self._table)

    def take_effects(self) -> list[Transmit]:
        """What to transmit, in order."""
        effects, self._effects = self._effects, []
        return effects

    def take_events(self) -> list[TransactionEvent]:
        """What happened, in order."""
        events, self._events = self._events, []
        return events

    def next_timer(self) -> float | None:
        """When `tick` has something to do."""
        return self._agenda.next()

    def tick(self, now: float) -> None:
        """Run what is due."""
        self._agenda.run(now)

    # --- sending ---------------------------------------------------------------------------------

    def request(self, request: Request, flow: Flow, now: float) -> Transaction:
        """Start a client transaction: a Via with a fresh branch is put on top of a copy of `request`."""
        return self._start_client(self.with_via(request, flow), flow, now)

    def cancel(self, invite: Transaction, now: float, reason: str = "") -> Transaction:
        """CANCEL a pending INVITE (RFC 3261 9.1). Wait for its first provisional response before."""
        cancel = companion(invite.request, "CANCEL", invite.request.headers.get("To") or "")
        if reason:
            cancel.headers.add("Reason", reason)
        return self._start_client(cancel, invite.flow, now)

    def respond(self, transaction: Transaction, response: Response, now: float) -> None:
        """Answer a request. After the transaction's end nothing is sent (RFC 4320 4.2)."""
        transaction.response = response
        self._step(transaction, class_of(response.status), now)

    def send(self, request: Request, flow: Flow) -> bytes:
        """Send without a transaction, under a branch of its own; returns what was sent, for `resend`."""
        data = bytes(self.with_via(request, flow))
        self.resend(data, flow)
        return data

    def resend(self, data: bytes, flow: Flow) -> None:
        """Send the same bytes again."""
        self._effects.append(Transmit(flow.id, data))

    def refuse(
        self, request: Request, flow: Flow, status: int, *headers: tuple[str, str], reason: str | None = None
    ) -> None:
        """Refuse a request without a transaction: anew each time it comes, under one tag (RFC 3261 8.2.7).

        A Via that can't be read says nothing: the answer goes to where the request came from.
        """
        to = None
        with suppress(MessageError):
            request = seen_from(request, flow)
            to = reply_address(request.top_via, flow)
        response = request.reply(status, reason, to_tag=self._tag_for(request))
        for name, value in headers:
            response.headers.add(name, value)
        self._effects.append(Transmit(flow.id, bytes(response), to))

    def _tag_for(self, request: Request) -> str:
        self._secret = self._secret or self._random(16)
        named = "\0".join(request.headers.get(name) or "" for name in ("Via", "Call-ID", "CSeq"))
        data = named.encode("utf-8", "surrogateescape")
        return blake2b(data, key=self._secret, digest_size=8).hexdigest()

    def with_via(self, request: Request, flow: Flow) -> Request:
        """A copy of `request` with our Via on top (RFC 3261 8.1.1.7, RFC 3581 3)."""
        host, port = flow.local
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        branch = COOKIE + self._random(12).hex()
        headers = request.headers.copy()
        headers.prepend("Via", f"SIP/2.0/{flow.transport.upper()} {where};branch={branch};rport")
        return Request(request.method, request.uri, headers, request.body)

    def _start_client(self, request: Request, flow: Flow, now: float) -> Transaction:
        kind = Kind.INVITE_CLIENT if request.method == "INVITE" else Kind.CLIENT
        key = ("client", request.top_via.branch, request.method)
        transaction = Transaction(kind, key, request, flow, FIRST[kind], last=bytes(request))
        self._keep(transaction)
        self._transmit(transaction)
        if not flow.reliable:
            self._arm(transaction, Input.RESEND, now + T1)
        self._arm(transaction, Input.GIVE_UP, now + GIVE_UP)
        return transaction

    # --- receiving -------------------------------------------------------------------------------

    def receive(self, message: Request | Response, flow: Flow, now: float) -> None:
        """A message that passed the validator."""
        if isinstance(message, Response):
            self._receive_response(message, flow, now)
        else:
            self._receive_request(seen_from(message, flow), flow, now)

    def handles(self, request: Request) -> bool:
        """Whether a transaction knows this request: it is a repetition, or the ACK of a refusal."""
        return server_key(request) in self._table

    def knows_branch(self, branch: str) -> bool:
        """Whether any transaction has this branch."""
        return branch in self._branches

    def _receive_response(self, response: Response, flow: Flow, now: float) -> None:
        transaction = self._table.get(("client", response.top_via.branch, response.cseq.method))
        if transaction is None or not answers(response, flow, transaction):
            return
        transaction.response = response
        self._step(transaction, class_of(response.status), now, flow)

    def _receive_request(self, request: Request, flow: Flow, now: float) -> None:
        key = server_key(request)
        known = self._table.get(key)
        if request.method == "ACK":
            self._receive_ack(known, request, flow, now)
        elif known is not None:
            self._step(known, Input.REQUEST, now)
        elif len(self._table) >= self._limit:
            self.refuse(request, flow, 503, ("Retry-After", "5"))
        else:
            self._start_server(key, request, flow, now)

    def _receive_ack(self, known: Transaction | None, request: Request, flow: Flow, now: float) -> None:
        if known is None or known.state is State.ACCEPTED:
            self._events.append(AckArrived(request, flow))
        else:
            self._step(known, Input.ACK, now)

    def _start_server(self, key: tuple[str, ...], request: Request, flow: Flow, now: float) -> None:
        kind = Kind.INVITE_SERVER if request.method == "INVITE" else Kind.SERVER
        transaction = Transaction(kind, key, request, flow, FIRST[kind])
        self._keep(transaction)
        if kind is Kind.SERVER:
            self._arm(transaction, Input.GIVE_UP, now + GIVE_UP)
            if not flow.reliable:
                self._arm(transaction, Input.TRYING, now + TRYING_AFTER)
        cancels = None
        if request.method == "CANCEL":
            cancels = self._table.get((*key[:-1], "INVITE"))
        merged = self._note_arrival(request, key)
        self._events.append(RequestArrived(transaction, cancels, merged))

    def _note_arrival(self, request: Request, key: tuple[str, ...]) -> bool:
        """Whether the same request is being handled already by another branch (RFC 3261 8.2.2.2)."""
        if request.to.tag or request.method == "CANCEL":
            return False
        same = identity(request)
        return self._arrivals.setdefault(same, key) != key

    # --- flows -----------------------------------------------------------------------------------

    def flow_closed(self, flow_id: int, now: float) -> None:
        """Requests that have no answer yet over this flow have failed; what is answered lives on."""
        for transaction in [t for t in self._table.values() if t.flow.id == flow_id]:
            self._step(transaction, Input.TRANSPORT_ERROR, now)

    def move(self, flow_id: int, flow: Flow) -> None:
        """From now on use `flow` for transactions of the lost flow `flow_id` to the same server."""
        for transaction in self._table.values():
            if transaction.flow.id == flow_id:
                transaction.flow = flow

    # --- doing what the table says ---------------------------------------------------------------

    def _step(self, transaction: Transaction, happened: Input, now: float, flow: Flow | None = None) -> None:
        for action in transaction.step(happened):
            self._do(transaction, action, now, flow or transaction.flow)
        if transaction.terminated:
            self.forget(transaction)

    def _do(self, transaction: Transaction, action: Action, now: float, flow: Flow) -> None:
        match action:
            case Action.PASS:
                self._events.append(ResponseArrived(transaction, transaction.said, flow))
            case Action.SEND:
                self._send_response(transaction)
            case Action.SEND_TRYING:
                transaction.response = transaction.request.reply(100)
                self._send_response(transaction)
            case Action.REPEAT:
                self._transmit(transaction)
            case Action.BACK_OFF:
                self._arm(transaction, Input.RESEND, now + transaction.back_off())
            case Action.SLOW_DOWN:
                self._slow_down(transaction, now)
            case Action.ACKNOWLEDGE:
                self._acknowledge(transaction)
            case Action.HUSH:
                self._clear(transaction, Input.RESEND, Input.GIVE_UP, Input.TRYING)
            case Action.LINGER:
                self._arm(transaction, Input.LINGER, now + transaction.linger())
            case Action.REPEAT_UNTIL_ACK:
                self._repeat_until_ack(transaction, now)
            case Action.FAIL | Action.UNREACHABLE:
                self._events.append(TransactionFailed(transaction, action is Action.UNREACHABLE))
            case _:
                self._events.append(AckMissing(transaction))

    def _send_response(self, transaction: Transaction) -> None:
        transaction.last = bytes(transaction.said)
        self._transmit(transaction)

    def _slow_down(self, transaction: Transaction, now: float) -> None:
        if not transaction.flow.reliable:
            transaction.interval = T2
            self._arm(transaction, Input.RESEND, now + T2)

    def _acknowledge(self, transaction: Transaction) -> None:
        ack = companion(transaction.request, "ACK", transaction.said.headers.get("To") or "")
        self._effects.append(Transmit(transaction.flow.id, bytes(ack)))

    def _repeat_until_ack(self, transaction: Transaction, now: float) -> None:
        self._arm(transaction, Input.GIVE_UP, now + GIVE_UP)
        if not transaction.flow.reliable:
            self._arm(transaction, Input.RESEND, now + T1)

    def _transmit(self, transaction: Transaction) -> None:
        if not transaction.last:
            return
        to = None
        if not transaction.is_client:
            to = reply_address(transaction.request.top_via, transaction.flow)
        self._effects.append(Transmit(transaction.flow.id, transaction.last, to))

    def _arm(self, transaction: Transaction, timer: Input, when: float) -> None:
        self._agenda.set((transaction, timer), when, lambda now: self._step(transaction, timer, now))

    def _clear(self, transaction: Transaction, *timers: Input) -> None:
        for timer in timers:
            self._agenda.clear((transaction, timer))

    def _keep(self, transaction: Transaction) -> None:
        self._table[transaction.key] = transaction
        self._branches[transaction.key[1]] += 1

    def forget(self, transaction: Transaction) -> None:
        """Nobody waits for it any more: an INVITE that rings too long, or was cancelled in vain (9.1)."""
        transaction.state = State.TERMINATED
        self._clear(transaction, *_TIMERS)
        if self._table.pop(transaction.key, None) is not None:
            self._branches[transaction.key[1]] -= 1
            if not self._branches[transaction.key[1]]:
                del self._branches[transaction.key[1]]
        if not transaction.is_client:
            same = identity(transaction.request)
            if self._arrivals.get(same) == transaction.key:
                del self._arrivals[same]
