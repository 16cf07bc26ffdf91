"""Rows of links and places."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.sqlite.tables import links, places
from service.domain.invitation import Link, Place
from service_api.states import Assurance


class LinkRows:
    """Implements LinkTable."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, link: Link) -> None:
        """See LinkTable."""
        await self._connection.execute(
            insert(links).values(
                secret=link.secret,
                participant_id=link.participant_id,
                made_at=link.made_at,
                ended=link.ended,
            )
        )

    async def get(self, secret: str) -> Link | None:
        """See LinkTable."""
        row = (await self._connection.execute(select(links).where(links.c.secret == secret))).one_or_none()
        return None if row is None else Link(row.secret, row.participant_id, row.made_at, row.ended)

    async def end(self, participant_id: str) -> None:
        """See LinkTable."""
        theirs = links.c.participant_id == participant_id
        await self._connection.execute(update(links).where(theirs).values(ended=True))

    async def add_place(self, place: Place) -> None:
        """See LinkTable."""
        await self._connection.execute(
            insert(places).values(
                id=place.place_id,
                participant_id=place.participant_id,
                link=place.link,
                token=place.token,
                device=place.device,
                device_name=place.device_name,
                client=place.client,
                assurance=place.assurance.value,
                other_device=place.other_device,
                made_at=place.made_at,
            )
        )

    async def move_place(self, place_id: str, link: str, token: str) -> None:
        """See LinkTable."""
        await self._connection.execute(
            update(places).where(places.c.id == place_id).values(link=link, token=token)
        )

    async def place(self, token: str) -> Place | None:
        """See LinkTable."""
        query = (
            select(places)
            .join(links, links.c.secret == places.c.link)
            .where(places.c.token == token, links.c.ended.is_(False))
        )
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _place(row)

    async def device_of(self, token: str) -> str | None:
        """See LinkTable."""
        query = select(places.c.device).where(places.c.token == token)
        device: str | None = (await self._connection.execute(query)).scalar_one_or_none()
        return device

    async def places(self, participant_id: str) -> tuple[Place, ...]:
        """See LinkTable."""
        query = select(places).where(places.c.participant_id == participant_id).order_by(places.c.made_at)
        return tuple(map(_place, await self._connection.execute(query)))


def _place(row: Row[Any]) -> Place:
    return Place(
        row.id,
        row.participant_id,
        row.link,
        row.token,
        row.device,
        row.device_name,
        row.client,
        row.made_at,
        Assurance(row.assurance),
        row.other_device,
    )
