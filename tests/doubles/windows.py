"""As much of Windows as named pipes need: pipes, events, overlapped operations, processes and their users."""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from softphone.control.windows_calls import (
    ERROR_BROKEN_PIPE,
    ERROR_FILE_NOT_FOUND,
    ERROR_IO_PENDING,
    ERROR_NO_DATA,
    ERROR_OPERATION_ABORTED,
    ERROR_PIPE_BUSY,
    ERROR_PIPE_CONNECTED,
    FILE_FLAG_FIRST_PIPE_INSTANCE,
    INFINITE,
    INVALID_HANDLE,
    SIGNATURES,
    THIS_PROCESS,
    WAIT_OBJECT_0,
    WAIT_TIMEOUT,
    Windows,
)

ME, SOMEBODY_ELSE = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"
OWN_PROCESS, OTHER_PROCESS, HIDDEN_PROCESS = 100, 200, 300
ERROR_ACCESS_DENIED = 5
PATIENCE_S = 10.0
CAPACITY = 64 * 1024

ARGUMENTS = {name: len(given) for part in SIGNATURES.values() for name, (_, given) in part.items()}


@dataclass(eq=False)
class _Event:
    is_set: bool = False


@dataclass(eq=False)
class _End:
    """One end of a pipe; `came` is what it can read."""

    name: str
    serves: bool
    process: int
    came: bytearray = field(default_factory=bytearray)
    other: _End | None = None
    open: bool = True
    used: bool = False


@dataclass(eq=False)
class _Operation:
    kind: str
    end: _End
    event: _Event
    buffer: Any = None
    data: bytes = b""
    done: bool = False
    code: int = 0
    count: int = 0


class FakeWindows:
    """Both libraries in one. `caller` and `listener` say in whose process the ends of a pipe are made."""

    def __init__(self) -> None:
        self.caller = self.listener = OWN_PROCESS
        self.time_is_out = False
        self.fails: dict[str, int] = {}
        self.pipes: list[_End] = []
        self.descriptors: list[str] = []
        self.asked_for: list[tuple[str, tuple[Any, ...]]] = []
        self.when_busy: Callable[[], object] = lambda: None
        self._users = {OWN_PROCESS: ME, OTHER_PROCESS: SOMEBODY_ELSE}
        self._objects: dict[int, object] = {}
        self._operations: dict[int, _Operation] = {}
        self._memory: dict[int, Any] = {}
        self._changed = threading.Condition(threading.RLock())
        self._thread = threading.local()
        self._next = 1000

    def windows(self) -> Windows:
        """What the code under test is given."""
        return Windows(self, self, lambda: int(self._thread.code))

    @property
    def handles(self) -> int:
        """How many handles and pieces of memory were not given back."""
        return len(self._objects) + len(self._memory)

    def __getattr__(self, name: str) -> Callable[..., object]:
        """`CreateEventW` is `_create_event_w`; calls hold the lock and are counted against the signature."""
        if name not in ARGUMENTS:
            raise AttributeError(name)
        function = getattr(self, "_" + re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())

        def call(*arguments: Any) -> object:
            assert len(arguments) == ARGUMENTS[name], f"{name} takes {ARGUMENTS[name]}"
            with self._changed:
                self.asked_for.append((name, arguments))
                if name in self.fails:
                    return self._fail(self.fails[name])
                return function(*arguments)

        return call

    # --- handles ------------------------------------------------------------------------------------

    def _fail(self, code: int, result: object = None) -> object:
        self._thread.code = code
        return result

    def _add(self, thing: object) -> int:
        self._next += 4
        self._objects[self._next] = thing
        return self._next

    def _keep(self, memory: Any) -> int:
        address = ctypes.addressof(memory)
        self._memory[address] = memory
        return address

    def _close_handle(self, handle: int) -> int:
        thing = self._objects.pop(handle)
        if isinstance(thing, _End):
            thing.open = False
            self.pipes = [end for end in self.pipes if end.open]
            self._settle()
        return 1

    def _local_free(self, memory: Any) -> None:
        del self._memory[memory.value]

    def _create_event_w(self, security: None, manual: bool, start: bool, name: None) -> int:
        assert manual
        return self._add(_Event(start))

    def _set_event(self, handle: int) -> int:
        self._event(handle).is_set = True
        self._changed.notify_all()
        return 1

    def _event(self, handle: int) -> _Event:
        thing = self._objects[handle]
        assert isinstance(thing, _Event)
        return thing

    def _end(self, handle: int) -> _End:
        thing = self._objects[handle]
        assert isinstance(thing, _End)
        return thing

    def _wait_for_multiple_objects(self, count: int, handles: Any, every: bool, ms: int) -> int:
        events = [self._event(handle) for handle in handles]
        assert len(events) == count

        def over() -> bool:
            return any(event.is_set for event in events) or (ms != INFINITE and self.time_is_out)

        assert self._changed.wait_for(over, PATIENCE_S), "waited too long"
        return next((WAIT_OBJECT_0 + i for i, event in enumerate(events) if event.is_set), WAIT_TIMEOUT)

    # --- pipes --------------------------------------------------------------------------------------

    def _create_named_pipe_w(
        self, name: str, mode: int, kind: int, limit: int, out: int, into: int, ms: int, security: Any
    ) -> object:
        if mode & FILE_FLAG_FIRST_PIPE_INSTANCE and any(end.name == name for end in self.pipes):
            return self._fail(ERROR_ACCESS_DENIED, INVALID_HANDLE)
        assert security._obj.descriptor in self._memory
        end = _End(name, True, self.listener)
        self.pipes.append(end)
        self._changed.notify_all()
        return self._add(end)

    def _create_file_w(
        self, name: str, access: int, share: int, security: None, how: int, flags: int, template: None
    ) -> object:
        there = [end for end in self.pipes if end.name == name]
        free = [end for end in there if not end.used]
        if not free:
            return self._fail(ERROR_PIPE_BUSY if there else ERROR_FILE_NOT_FOUND, INVALID_HANDLE)
        end = _End(name, False, self.caller, other=free[0])
        free[0].other, free[0].used = end, True
        self._settle()
        return self._add(end)

    def _wait_named_pipe_w(self, name: str, ms: int) -> int:
        self.when_busy()

        def decided() -> bool:
            there = [end for end in self.pipes if end.name == name]
            return not there or not all(end.used for end in there)

        self._changed.wait_for(decided, 0.0 if self.time_is_out else PATIENCE_S)
        return int(decided())

    def _connect_named_pipe(self, handle: int, overlapped: Any) -> object:
        end = self._end(handle)
        if end.used:
            there = end.other is not None and end.other.open
            return self._fail(ERROR_PIPE_CONNECTED if there else ERROR_NO_DATA, 0)
        return self._begin("connect", handle, overlapped)

    def _read_file(self, handle: int, buffer: Any, size: int, count: None, overlapped: Any) -> object:
        assert size == len(buffer)
        return self._begin("read", handle, overlapped, buffer)

    def _write_file(self, handle: int, data: Any, size: int, count: None, overlapped: Any) -> object:
        end = self._end(handle)
        if end.other is None or not end.other.open:
            return self._fail(ERROR_NO_DATA, 0)
        return self._begin("write", handle, overlapped, data=data.raw[:size])

    def _begin(
        self, kind: str, handle: int, overlapped: Any, buffer: Any = None, data: bytes = b""
    ) -> object:
        event = self._event(overlapped._obj.event)
        operation = _Operation(kind, self._end(handle), event, buffer, data)
        self._operations[ctypes.addressof(overlapped._obj)] = operation
        self._settle()
        if not operation.done:
            return self._fail(ERROR_IO_PENDING, 0)
        return self._fail(operation.code, 0) if operation.code else 1

    def _settle(self) -> None:
        """Bring everything under way as far as it can go."""
        before = -1
        while before != (before := sum(operation.done for operation in self._operations.values())):
            for operation in self._operations.values():
                if not operation.done:
                    getattr(self, f"_try_{operation.kind}")(operation)
        self._changed.notify_all()

    def _try_connect(self, operation: _Operation) -> None:
        if operation.end.used:
            self._finish(operation)

    def _try_read(self, operation: _Operation) -> None:
        end = operation.end
        if end.came:
            data = bytes(end.came[: len(operation.buffer)])
            del end.came[: len(data)]
            ctypes.memmove(operation.buffer, data, len(data))
            self._finish(operation, count=len(data))
        elif end.other is None or not end.other.open:
            self._finish(operation, ERROR_BROKEN_PIPE)

    def _try_write(self, operation: _Operation) -> None:
        other = operation.end.other
        if other is None or not other.open:
            self._finish(operation, ERROR_BROKEN_PIPE)
        elif len(other.came) + len(operation.data) <= CAPACITY:
            other.came += operation.data
            self._finish(operation, count=len(operation.data))

    def _finish(self, operation: _Operation, code: int = 0, count: int = 0) -> None:
        operation.done, operation.code, operation.count = True, code, count
        operation.event.is_set = True

    def _cancel_io_ex(self, handle: int, overlapped: Any) -> int:
        operation = self._operations[ctypes.addressof(overlapped._obj)]
        if not operation.done:
            self._finish(operation, ERROR_OPERATION_ABORTED)
        return 1

    def _get_overlapped_result(self, handle: int, overlapped: Any, count: Any, wait: bool) -> object:
        operation = self._operations.pop(ctypes.addressof(overlapped._obj))
        assert operation.done
        count._obj.value = operation.count
        return self._fail(operation.code, 0) if operation.code else 1

    # --- users --------------------------------------------------------------------------------------

    def _get_named_pipe_client_process_id(self, handle: int, process: Any) -> int:
        other = self._end(handle).other
        assert other is not None
        process._obj.value = other.process
        return 1

    _get_named_pipe_server_process_id = _get_named_pipe_client_process_id

    def _open_process(self, access: int, inherit: bool, process: int) -> object:
        if process not in self._users:
            return self._fail(ERROR_ACCESS_DENIED)
        return self._add(self._users[process])

    def _open_process_token(self, process: int, access: int, token: Any) -> int:
        user = ME if process == THIS_PROCESS else self._objects[process]
        token._obj.value = self._add(user)
        return 1

    def _get_token_information(self, token: int, kind: int, answer: Any, room: int, size: Any) -> object:
        size._obj.value = 44
        if answer is None:
            return self._fail(122, 0)
        ctypes.c_size_t.from_buffer(answer).value = token
        return 1

    def _convert_sid_to_string_sid_w(self, sid: Any, text: Any) -> int:
        user = self._objects[sid.value]
        assert isinstance(user, str)
        text._obj.value = self._keep(ctypes.create_unicode_buffer(user))
        return 1

    def _convert_string_security_descriptor_to_security_descriptor_w(
        self, text: str, revision: int, descriptor: Any, size: None
    ) -> int:
        self.descriptors.append(text)
        descriptor._obj.value = self._keep(ctypes.create_unicode_buffer(text))
        return 1
