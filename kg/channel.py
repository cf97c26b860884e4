"""The request channel between the twin's processes: gRPC over Unix sockets, JSON bodies, a token per client.

gRPC gives deadlines, cancellation and flow control; a subscriber that is too slow is disconnected by the server and
starts again from a snapshot. Who speaks is known from the token alone: the server maps it to a `Source`. Errors of
`kg.errors` cross the wire and are raised again on the other side. Sockets live in the data directory, which only
its owner may enter.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import grpc
import grpc.aio
import msgspec

from kg import errors
from kg.change import Source
from kg.errors import CallerError, InternalError, NotAuthorised, ServiceDown, TwinError

Body = Mapping[str, Any]
Unary = Callable[[Source, Body], Awaitable[Body]]
Streaming = Callable[[Source, Body], AsyncIterator[Body]]

_SERVICE = "twinwright"
_LONGEST_ASKED = 16 << 20
"""Bytes that a client may send: two texts of N-Quads of 4 Mi characters, with room."""
_LONGEST_TOLD = 256 << 20
"""Bytes that a client takes: the snapshot of a graph."""
_ASKING = [("grpc.max_receive_message_length", _LONGEST_TOLD), ("grpc.max_send_message_length", _LONGEST_ASKED)]
_TELLING = [("grpc.max_receive_message_length", _LONGEST_ASKED), ("grpc.max_send_message_length", _LONGEST_TOLD)]
_MALFORMED = (KeyError, ValueError, TypeError, OverflowError)
"""What reading a message raises that is not what the method takes."""
_LONGEST_SOCKET_PATH = 100
_encode = msgspec.json.Encoder(enc_hook=str).encode
"""IRIs, a kind of str that msgspec does not know, travel as text."""
_decode = msgspec.json.Decoder().decode
Encoded: TypeAlias = msgspec.Raw


def encoded(body: Any) -> Encoded:
    """A part of a message that is sent to many: written as JSON once, and taken in as it stands."""
    return msgspec.Raw(_encode(body))


class Server:
    """Serves named methods on one Unix socket. `tokens` says who each token is."""

    def __init__(self, socket: Path, tokens: Mapping[str, Source]) -> None:
        self._socket = socket
        self._tokens = tokens
        self._handlers: dict[str, grpc.RpcMethodHandler[Body, Body]] = {}
        self._server: grpc.aio.Server | None = None

    def unary(self, name: str, method: Unary) -> None:
        """Answer `name` with one body."""

        async def handle(body: Body, context: grpc.aio.ServicerContext) -> Body:  # type: ignore[type-arg]
            try:
                return await method(self._source(context), body)
            except TwinError as error:
                await _abort(context, error)
            except _MALFORMED as error:
                await _abort(context, CallerError(f"The message to {name} is malformed: {error!r}."))

        self._handlers[name] = grpc.unary_unary_rpc_method_handler(handle, _decode, _encode)

    def streaming(self, name: str, method: Streaming) -> None:
        """Answer `name` with a stream of bodies."""

        async def handle(body: Body, context: grpc.aio.ServicerContext) -> AsyncIterator[Body]:  # type: ignore[type-arg]
            try:
                async for item in method(self._source(context), body):
                    yield item
            except TwinError as error:
                await _abort(context, error)
            except _MALFORMED as error:
                await _abort(context, CallerError(f"The message to {name} is malformed: {error!r}."))

        self._handlers[name] = grpc.unary_stream_rpc_method_handler(handle, _decode, _encode)

    async def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        self._server = grpc.aio.server(options=_TELLING)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, self._handlers),))
        self._server.add_insecure_port(_address(self._socket))
        await self._server.start()
        self._socket.chmod(0o600)

    async def stop(self, grace_s: float = 0.5) -> None:
        """Refuse new calls, give running ones the grace, then end. Idempotent."""
        if self._server is not None:
            await self._server.stop(grace_s)
            self._server = None
        self._socket.unlink(missing_ok=True)

    def _source(self, context: grpc.aio.ServicerContext) -> Source:  # type: ignore[type-arg]
        given = dict(context.invocation_metadata() or ()).get("token")
        source = self._tokens.get(str(given))
        if source is None:
            raise NotAuthorised("This token is not known here.")
        return source


class AsyncClient:
    """Calls the methods of a Server from an event loop."""

    def __init__(self, socket: Path, token: str) -> None:
        self._socket = socket
        self._metadata = (("token", token),)
        self._channel = grpc.aio.insecure_channel(_address(socket), options=_ASKING)

    async def call(self, name: str, body: Body, timeout_s: float = 10.0) -> dict[str, Any]:
        """The answer of a unary method. Raises the server's TwinError, or ServiceDown."""
        method = self._channel.unary_unary(f"/{_SERVICE}/{name}", _encode, _decode)
        try:
            return await method(body, timeout=timeout_s, metadata=self._metadata)  # type: ignore[no-any-return]
        except grpc.RpcError as error:
            _raise(error, self._socket, name)

    async def stream(self, name: str, body: Body) -> AsyncIterator[dict[str, Any]]:
        """The answers of a streaming method, until the server ends it. Raises as `call` does."""
        method = self._channel.unary_stream(f"/{_SERVICE}/{name}", _encode, _decode)
        try:
            async for item in method(body, metadata=self._metadata):
                yield item
        except grpc.RpcError as error:
            _raise(error, self._socket, name)

    async def close(self) -> None:
        await self._channel.close(None)


class Client:
    """Calls the methods of a Server from ordinary code, such as the command line."""

    def __init__(self, socket: Path, token: str) -> None:
        self._socket = socket
        self._metadata = (("token", token),)
        self._channel = grpc.insecure_channel(_address(socket), options=_ASKING)

    def call(self, name: str, body: Body, timeout_s: float = 10.0) -> dict[str, Any]:
        """The answer of a unary method. Raises the server's TwinError, or ServiceDown."""
        method = self._channel.unary_unary(f"/{_SERVICE}/{name}", _encode, _decode)
        try:
            return method(body, timeout=timeout_s, metadata=self._metadata)  # type: ignore[no-any-return]
        except grpc.RpcError as error:
            _raise(error, self._socket, name)

    def stream(self, name: str, body: Body) -> Iterator[dict[str, Any]]:
        """The answers of a streaming method, until the server ends it. Raises as `call` does."""
        method = self._channel.unary_stream(f"/{_SERVICE}/{name}", _encode, _decode)
        try:
            yield from method(body, metadata=self._metadata)
        except grpc.RpcError as error:
            _raise(error, self._socket, name)

    def close(self) -> None:
        self._channel.close()


def _address(socket: Path) -> str:
    """The gRPC address of a socket. The kernel takes 107 characters, so a long folder gets a short alias."""
    path = socket.absolute()
    if len(str(path)) > _LONGEST_SOCKET_PATH:
        path = _alias(path.parent) / path.name
    return f"unix:{path}"


def _alias(folder: Path) -> Path:
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    alias = Path(tempfile.gettempdir()) / f"twinwright-{os.getuid()}-{digest}"
    try:
        alias.symlink_to(folder)
    except FileExistsError:
        if alias.lstat().st_uid != os.getuid() or alias.readlink() != folder:
            raise ServiceDown(f"{alias} belongs to somebody else.", path=str(alias)) from None
    return alias


async def _abort(context: grpc.aio.ServicerContext, error: TwinError) -> NoReturn:  # type: ignore[type-arg]
    facts = {
        name: value if isinstance(value, int | float | bool) else str(value) for name, value in error.facts.items()
    }
    details = json.dumps({"code": error.code, "message": error.message, "facts": facts})
    await context.abort(grpc.StatusCode.FAILED_PRECONDITION, details)


def _raise(error: grpc.RpcError, socket: Path, name: str) -> NoReturn:
    code = error.code()
    if code is grpc.StatusCode.FAILED_PRECONDITION:
        told = json.loads(error.details() or "{}")
        raise _BY_CODE.get(told["code"], TwinError)(told["message"], **told["facts"]) from None
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        raise CallerError(f"The message to {name} is longer than {_LONGEST_ASKED} bytes.", most=_LONGEST_ASKED)
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED):
        part = socket.stem
        raise ServiceDown(f"The {part} does not answer ({name}: {code.name.lower()}).", part=part) from None
    raise InternalError(f"{name} at {socket.stem} failed: {error.details()}.") from error


def _classes(root: type[TwinError]) -> Iterator[type[TwinError]]:
    yield root
    for child in root.__subclasses__():
        yield from _classes(child)


_BY_CODE = {cls.code: cls for cls in _classes(errors.TwinError)}
