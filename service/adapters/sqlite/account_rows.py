"""Rows of accounts and devices."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.sqlite.tables import access_tokens, accounts, devices, refresh_tokens, sip_credentials
from service.domain.account import Account, Device, RefreshChain, SipCredential
from service_api.states import AccountRole


class AccountRows:
    """Implements AccountTable."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, account: Account) -> bool:
        """See AccountTable."""
        values = {
            "id": account.account_id,
            "number": account.number,
            "name": account.name,
            "role": account.role.value,
            "password": account.password,
            "created_at": account.created_at,
        }
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(insert(accounts).values(**values))
        except IntegrityError:
            return False
        return True

    async def of_number(self, number: str) -> Account | None:
        """See AccountTable."""
        return await self._one(select(accounts).where(accounts.c.number == number))

    async def get(self, account_id: str) -> Account | None:
        """See AccountTable."""
        return await self._one(select(accounts).where(accounts.c.id == account_id))

    async def all(self) -> tuple[Account, ...]:
        """See AccountTable."""
        rows = await self._connection.execute(select(accounts).order_by(accounts.c.number))
        return tuple(map(_account, rows))

    async def set_password(self, account_id: str, password: str) -> None:
        """See AccountTable."""
        mine = accounts.c.id == account_id
        await self._connection.execute(update(accounts).where(mine).values(password=password))

    async def _one(self, query: Any) -> Account | None:
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _account(row)


class DeviceRows:
    """Implements DeviceTable."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, device: Device) -> None:
        """See DeviceTable."""
        await self._connection.execute(
            insert(devices).values(
                id=device.device_id,
                account_id=device.account_id,
                instance_id=device.instance_id,
                name=device.name,
                signed_in_at=device.signed_in_at,
                seen_at=device.seen_at,
            )
        )

    async def get(self, device_id: str) -> Device | None:
        """See DeviceTable."""
        return await self._one(select(devices).where(devices.c.id == device_id))

    async def of_installation(self, account_id: str, instance_id: str) -> Device | None:
        """See DeviceTable."""
        return await self._one(
            select(devices).where(devices.c.account_id == account_id, devices.c.instance_id == instance_id)
        )

    async def of_account(self, account_id: str) -> tuple[Device, ...]:
        """See DeviceTable."""
        query = select(devices).where(devices.c.account_id == account_id)
        rows = await self._connection.execute(query.order_by(devices.c.signed_in_at.desc()))
        return tuple(map(_device, rows))

    async def _one(self, query: Any) -> Device | None:
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _device(row)

    async def ids(self) -> frozenset[str]:
        """See DeviceTable."""
        return frozenset(await self._connection.scalars(select(devices.c.id)))

    async def seen(self, device_id: str, at: float) -> None:
        """See DeviceTable."""
        await self._connection.execute(update(devices).where(devices.c.id == device_id).values(seen_at=at))

    async def remove(self, device_id: str) -> bool:
        """See DeviceTable."""
        done = await self._connection.execute(delete(devices).where(devices.c.id == device_id))
        return done.rowcount > 0

    async def add_sip(self, credential: SipCredential) -> None:
        """See DeviceTable."""
        await self._connection.execute(
            insert(sip_credentials).values(
                device_id=credential.device_id,
                auth_user=credential.auth_user,
                realm=credential.realm,
                algorithm=credential.algorithm,
                ha1=credential.ha1,
            )
        )

    async def sip(self, device_id: str) -> SipCredential | None:
        """See DeviceTable."""
        query = select(sip_credentials).where(sip_credentials.c.device_id == device_id)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _credential(row, "")

    async def all_sip(self) -> tuple[SipCredential, ...]:
        """See DeviceTable."""
        query = (
            select(sip_credentials, accounts.c.number)
            .join(devices, devices.c.id == sip_credentials.c.device_id)
            .join(accounts, accounts.c.id == devices.c.account_id)
            .order_by(sip_credentials.c.auth_user)
        )
        return tuple(_credential(row, row.number) for row in await self._connection.execute(query))

    async def refresh_chain(self, device_id: str) -> RefreshChain | None:
        """See DeviceTable."""
        query = select(refresh_tokens).where(refresh_tokens.c.device_id == device_id)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else RefreshChain(row.current, row.former)

    async def set_refresh_chain(self, device_id: str, chain: RefreshChain) -> None:
        """See DeviceTable."""
        await self._connection.execute(delete(refresh_tokens).where(refresh_tokens.c.device_id == device_id))
        await self._connection.execute(
            insert(refresh_tokens).values(device_id=device_id, current=chain.current, former=chain.former)
        )

    async def add_access(self, token: str, device_id: str, expires_at: float, now: float) -> None:
        """See DeviceTable."""
        over = access_tokens.c.expires_at <= now
        await self._connection.execute(delete(access_tokens).where(over))
        await self._connection.execute(
            insert(access_tokens).values(token=token, device_id=device_id, expires_at=expires_at)
        )

    async def of_access(self, token: str, now: float) -> tuple[Account, Device] | None:
        """See DeviceTable."""
        device = await self._one(
            select(devices)
            .join(access_tokens, access_tokens.c.device_id == devices.c.id)
            .where(access_tokens.c.token == token, access_tokens.c.expires_at > now)
        )
        if device is None:
            return None
        account = await AccountRows(self._connection).get(device.account_id)
        return None if account is None else (account, device)


def _account(row: Row[Any]) -> Account:
    return Account(row.id, row.number, row.name, AccountRole(row.role), row.password, row.created_at)


def _device(row: Row[Any]) -> Device:
    return Device(row.id, row.account_id, row.instance_id, row.name, row.signed_in_at, row.seen_at)


def _credential(row: Row[Any], number: str) -> SipCredential:
    return SipCredential(row.device_id, row.auth_user, row.realm, row.algorithm, row.ha1, number)
