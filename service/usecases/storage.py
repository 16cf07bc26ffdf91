"""Storage as the use cases need it. Everything inside one `write` is on disk when it ends, or never was."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from service.domain.account import Account, Device, RefreshChain, SipCredential
from service.domain.appointment import Appointment, Participant
from service.domain.invitation import Link, Place


class AccountTable(Protocol):
    """Who can sign in. Numbers are canonical."""

    async def add(self, account: Account) -> bool:
        """False where the number has an account."""
        ...

    async def of_number(self, number: str) -> Account | None:
        """The account of a number."""
        ...

    async def get(self, account_id: str) -> Account | None:
        """The account of an id."""
        ...

    async def all(self) -> tuple[Account, ...]:
        """Every account, by number."""
        ...

    async def set_password(self, account_id: str, password: str) -> None:
        """Another hash in place of the former."""
        ...


class DeviceTable(Protocol):
    """Where accounts are signed in; what hangs on a device (SIP, tokens) goes with it."""

    async def add(self, device: Device) -> None:
        """A new one."""
        ...

    async def get(self, device_id: str) -> Device | None:
        """The device of an id."""
        ...

    async def of_installation(self, account_id: str, instance_id: str) -> Device | None:
        """The account's device that is this installation."""
        ...

    async def of_account(self, account_id: str) -> tuple[Device, ...]:
        """All of an account's, newest sign-in first."""
        ...

    async def ids(self) -> frozenset[str]:
        """Every device's."""
        ...

    async def seen(self, device_id: str, at: float) -> None:
        """It has asked for something."""
        ...

    async def remove(self, device_id: str) -> bool:
        """False where there is none."""
        ...

    async def add_sip(self, credential: SipCredential) -> None:
        """How it registers."""
        ...

    async def sip(self, device_id: str) -> SipCredential | None:
        """How it registers; without the number."""
        ...

    async def all_sip(self) -> tuple[SipCredential, ...]:
        """Every device's, with the canonical number of its account."""
        ...

    async def refresh_chain(self, device_id: str) -> RefreshChain | None:
        """The device's refresh tokens."""
        ...

    async def set_refresh_chain(self, device_id: str, chain: RefreshChain) -> None:
        """Replace them."""
        ...

    async def add_access(self, token: str, device_id: str, expires_at: float, now: float) -> None:
        """One more access token (a fingerprint); those that are over go."""
        ...

    async def of_access(self, token: str, now: float) -> tuple[Account, Device] | None:
        """Who holds it."""
        ...


class AppointmentTable(Protocol):
    """Appointments and who is invited."""

    async def add(self, appointment: Appointment) -> None:
        """A new one; its participants are added apart."""
        ...

    async def update(self, appointment: Appointment) -> None:
        """Everything but its participants, host and draft."""
        ...

    async def get(self, appointment_id: str) -> Appointment | None:
        """With its participants."""
        ...

    async def of_draft(self, host_id: str, draft_id: str) -> Appointment | None:
        """What this host made of this draft."""
        ...

    async def of_person(
        self, account_id: str, number: str, since: float, until: float
    ) -> tuple[Appointment, ...]:
        """Those between `since` and `until` that the account made or its number is invited to, by start."""
        ...

    async def put_participants(self, appointment_id: str, people: Sequence[Participant]) -> None:
        """These, in this order; who was there and is missing now is removed, with links and places."""
        ...

    async def participant(self, participant_id: str) -> Participant | None:
        """None where removed."""
        ...

    async def opened(self, participant_id: str, at: float) -> None:
        """The first time a link was used."""
        ...


class LinkTable(Protocol):
    """Personal links and places."""

    async def add(self, link: Link) -> None:
        """One more that works."""
        ...

    async def get(self, secret: str) -> Link | None:
        """The link of a fingerprint, ended ones too."""
        ...

    async def end(self, participant_id: str) -> None:
        """All of this participant's so far."""
        ...

    async def add_place(self, place: Place) -> None:
        """One more."""
        ...

    async def move_place(self, place_id: str, link: str, token: str) -> None:
        """The same place, opened again."""
        ...

    async def place(self, token: str) -> Place | None:
        """The place of a token's fingerprint, whose link has not ended."""
        ...

    async def device_of(self, token: str) -> str | None:
        """Which device shows this token, whatever became of its link."""
        ...

    async def places(self, participant_id: str) -> tuple[Place, ...]:
        """All of a participant's, first opened first, whatever became of their links."""
        ...


class Tables(Protocol):
    """What stands in one unit of work."""

    @property
    def accounts(self) -> AccountTable: ...
    @property
    def devices(self) -> DeviceTable: ...
    @property
    def appointments(self) -> AppointmentTable: ...
    @property
    def links(self) -> LinkTable: ...


class Store(Protocol):
    """Units of work. Both raise ServiceError where storage fails."""

    def write(self) -> AbstractAsyncContextManager[Tables]:
        """Alone; committed at its end, undone where it raises."""
        ...

    def read(self) -> AbstractAsyncContextManager[Tables]:
        """One moment's view."""
        ...
