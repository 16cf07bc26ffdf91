"""No secret reaches the log, whoever logs it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from softphone.domain.account import Credentials
from softphone.ports import SipAccount
from softphone.runtime.logs import FILE_BYTES, FORMAT, SecretsHidden, without_secrets, write_logs

SECRET = "GeHeim-42-x"


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f'{{"command":"sign-in","password": "{SECRET}", "x": 1}}',
        f"{{'secret': '{SECRET}'}}",
        f"sip:alice:{SECRET}@vip.example.com",
        f"Authorization: Bearer {SECRET}",
    ],
)
def test_passwords(text: str) -> None:
    assert SECRET not in without_secrets(text)


def test_digest_and_keys() -> None:
    answer = "0123456789abcdef0123456789abcdef"
    line = f'Authorization: Digest username="1001", response="{answer}", nonce="n"'
    assert answer not in without_secrets(line)
    assert 'username="1001"' in without_secrets(line)
    key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
    assert key not in without_secrets(f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}|2^20")


def test_innocent_text_stays() -> None:
    text = "sip:1001@vip.example.com:5060;transport=tls response 200 secretary"
    assert without_secrets(text) == text


def test_tracebacks_too() -> None:
    try:
        raise ValueError(f"password: {SECRET}")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", (), (type(error), error, None))
    assert SECRET not in SecretsHidden(FORMAT).format(record)


def test_values_do_not_show_their_secrets() -> None:
    assert SECRET not in repr(Credentials("s", "u", SECRET))
    assert SECRET not in repr(SipAccount("s", "u", SECRET))


def test_the_file_is_rotated_and_clean(tmp_path: Path) -> None:
    root = logging.getLogger()
    before, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    levels = {name: logging.getLogger(name).level for name in list(root.manager.loggerDict)}
    try:
        write_logs(tmp_path / "log")
        logging.getLogger("softphone.test").info("signing in, password=%s", SECRET)
        files = [h for h in root.handlers if isinstance(h, logging.handlers.RotatingFileHandler)]
        mine = [h for h in files if str(tmp_path) in h.baseFilename]
        assert (mine[0].maxBytes, mine[0].backupCount) == (FILE_BYTES, 4)
        mine[0].flush()
        text = (tmp_path / "log" / "softphone.log").read_text()
        assert "signing in" in text
        assert SECRET not in text
    finally:
        for handler in [h for h in root.handlers if h not in before]:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)
        for name in list(root.manager.loggerDict):
            logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
        logging.raiseExceptions = raising
