"""JSON schemas of the documents in `service_api.devices`, made from the shapes they are checked by."""

from __future__ import annotations

import re
from typing import Any

from service_api import devices
from service_api.wire import VERSION


def _text(shape: re.Pattern[str]) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^(?:{shape.pattern})$"}


def _document(members: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = ["version", *(name for name in members if name not in optional)]
    version = {"type": "integer", "enum": [VERSION]}
    return {"type": "object", "properties": {"version": version, **members}, "required": required}


SIGN_IN = _document({name: _text(devices.SHAPES[name]) for name in devices.SIGN_IN_MEMBERS})
REVOCATION = _document({name: _text(devices.SHAPES[name]) for name in ("device_id", "sip_secret")})
CREDENTIALS = _document(
    {
        **{
            name: _text(devices.SHAPES[name])
            for name in ("sip_domain", "user", "auth_user", "sip_secret", "device_id", "refresh_token")
        },
        "transport": {"type": "string", "enum": list(devices.TRANSPORTS)},
        "sip_port": {"type": "integer", "minimum": 0, "maximum": 65535},
    },
    optional=("sip_port", "refresh_token"),
)
