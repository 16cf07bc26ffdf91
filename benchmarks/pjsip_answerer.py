"""PJSIP at the far end: answers every call on loopback and writes what it would play to a WAV file per call.

This file runs in an interpreter of its own, one that has `pjsua2-python`; nothing else here imports it.
It takes SIP port, rate, codec and directory, says "ready", and ends when its standard input does. A call to
`sip:NAME@…` is recorded in NAME.wav.
"""

from __future__ import annotations

import ctypes
import select
import sys
from pathlib import Path
from typing import Any

import pjsua2 as pj  # type: ignore[import-not-found]

JITTER_BUFFER_MS = 120
"""Enough for four lost packets in a row: emptied, the buffer would fill itself anew and shift the sound."""
JITTER_BUFFER_MOST_MS = 300
DISCARD_NONE = 0
"""`pjmedia_jb_discard_algo`, a type the binding hands out only as a pointer."""


class Answered(pj.Call):  # type: ignore[misc]
    """A call that is taken at once and recorded from its first moment on."""

    def __init__(self, account: pj.Account, call_id: int, directory: Path) -> None:
        super().__init__(account, call_id)
        self._directory = directory
        self._name = self.getInfo().localUri.split("sip:")[1].split("@")[0]
        self._recorder: Any = None

    def take(self) -> None:
        """200 OK."""
        answer = pj.CallOpParam()
        answer.statusCode = 200
        self.answer(answer)

    def onCallMediaState(self, _: object) -> None:  # noqa: N802
        """Sound flows: let the recorder hear it."""
        if self._recorder is None:
            self._recorder = pj.AudioMediaRecorder()
            self._recorder.createRecorder(str(self._directory / f"{self._name}.wav"))
            self.getAudioMedia(-1).startTransmit(self._recorder)

    def close(self) -> None:
        """The file is complete only when its recorder is gone."""
        self._recorder = None


class Answerer(pj.Account):  # type: ignore[misc]
    """Takes whoever calls."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self.calls: list[Answered] = []

    def onIncomingCall(self, param: Any) -> None:  # noqa: N802
        """Every call is kept to the end of the program: PJSIP holds references of its own."""
        self.calls.append(Answered(self, param.callId, self._directory))
        self.calls[-1].take()


def configuration(rate: int) -> pj.EpConfig:
    """A jitter buffer that stays as it is, a bridge at the codec's rate, no second thread of ours."""
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.logConfig.level = config.logConfig.consoleLevel = 1
    media = config.medConfig
    media.clockRate, media.audioFramePtime, media.ecTailLen, media.noVad = rate, 20, 0, True
    media.jbInit = media.jbMinPre = media.jbMaxPre = JITTER_BUFFER_MS
    media.jbMax = JITTER_BUFFER_MOST_MS
    algorithm = media.jbDiscardAlgo
    ctypes.c_int.from_address(int(algorithm)).value = DISCARD_NONE
    media.jbDiscardAlgo = algorithm
    return config


def listen(endpoint: pj.Endpoint, port: int) -> None:
    """UDP on loopback."""
    transport = pj.TransportConfig()
    transport.port, transport.boundAddress = port, "127.0.0.1"
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)


def answerer(directory: Path) -> Answerer:
    """An account without a registrar."""
    account, config = Answerer(directory), pj.AccountConfig()
    config.idUri = "sip:answerer@127.0.0.1"
    config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
    account.create(config)
    return account


def main() -> None:
    """Serve until standard input ends."""
    port, rate, codec, directory = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    endpoint.libInit(configuration(rate))
    listen(endpoint, port)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    for known in endpoint.codecEnum2():
        endpoint.codecSetPriority(known.codecId, 255 if known.codecId.startswith(f"{codec}/") else 0)
    account = answerer(directory)
    print("ready", endpoint.libVersion().full, flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        endpoint.libHandleEvents(5)
    for call in account.calls:
        call.close()
    account.calls.clear()
    account.shutdown()
    endpoint.libDestroy()


if __name__ == "__main__":
    main()
