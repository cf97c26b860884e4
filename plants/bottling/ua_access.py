"""asyncua's server with its habits changed where a controller would behave otherwise.

- Users: asyncua lets anybody log in, and `admin` without a password. Here anonymous clients read, the gateway's user
  with its password may write, everybody else is turned away.
- Writes: asyncua stores what passes a type check. Here every write is answered by the WriteDesk.
- Republish: asyncua answers a sequence number that it does not hold with an empty message, on which its own client asks
  for the next one without end. Part 4, 5.14.6 demands BadMessageNotAvailable.
- UserAccessLevel: asyncua knows one for all users. Here it depends on who reads.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.common.callback import CallbackType, ServerItemCallback
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AddressSpace, AttributeService
from asyncua.server.internal_server import InternalServer
from asyncua.server.subscription_service import SubscriptionService
from asyncua.server.user_managers import UserManager
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from plants.bottling.controller import Result
from plants.bottling.ua_values import data_value, status
from plants.bottling.write_desk import GATEWAY_USER, WriteDesk

ANONYMOUS = "anonymous"

PlantClock = Callable[[], datetime]


class PlantUsers(UserManager):
    """Anonymous readers and one writer. Without a password nobody may write."""

    def __init__(self, password: str | None) -> None:
        self._password = password

    def get_user(
        self,
        iserver: InternalServer,
        username: str | None = None,
        password: str | None = None,
        certificate: Any = None,
    ) -> User | None:
        if username is None:
            return User(role=UserRole.User, name=ANONYMOUS)
        if username != GATEWAY_USER or not self._password or password is None:
            return None
        is_right = hmac.compare_digest(password.encode(), self._password.encode())
        return User(role=UserRole.User, name=GATEWAY_USER) if is_right else None


class PlantSubscriptions(SubscriptionService):
    """Subscriptions whose Republish ends."""

    def republish(self, params: ua.RepublishParameters) -> ua.NotificationMessage:
        subscription = self.subscriptions.get(params.SubscriptionId)
        if subscription is None:
            raise ServiceError(StatusCodes.BadSubscriptionIdInvalid)
        message = subscription.republish(params.RetransmitSequenceNumber)
        if not message.NotificationData:
            raise ServiceError(StatusCodes.BadMessageNotAvailable)
        return message


class PlantAttributes(AttributeService):
    """Writes from outside go to the WriteDesk; the server's own go straight in."""

    def __init__(self, aspace: AddressSpace, clock: PlantClock) -> None:
        super().__init__(aspace)
        self._clock = clock
        self.desk: WriteDesk | None = None
        self.paths: Mapping[ua.NodeId, str] = {}

    async def write(self, params: ua.WriteParameters, user: User | None = None) -> list[ua.StatusCode]:
        if user is None or user.role == UserRole.Admin:
            return await super().write(params)
        return [await self._answer(item, user.name or ANONYMOUS) for item in params.NodesToWrite]

    async def _answer(self, item: ua.WriteValue, user: str) -> ua.StatusCode:
        path = self.paths.get(item.NodeId)
        if self.desk is None or path is None:
            is_known = item.NodeId in self._aspace
            return status("BadNotWritable" if is_known else "BadNodeIdUnknown")
        answer = self.desk.answer(path, item.AttributeId, item.Value, user)
        if answer.result is not Result.REFUSED:
            variant = item.Value.Value if item.Value.Value is not None else ua.Variant()
            stored = data_value(variant, self._clock(), datetime.now(UTC))
            await self._aspace.write_attribute_value(item.NodeId, AttributeIds.Value, stored)
        return status(answer.status)


class PlantInternalServer(InternalServer):
    """asyncua's inner server with the services above."""

    def __init__(self, password: str | None, clock: PlantClock) -> None:
        super().__init__(user_manager=PlantUsers(password))
        self.allow_remote_admin = False
        self.attributes = PlantAttributes(self.aspace, clock)
        self.attribute_service = self.attributes
        self.subscription_service = PlantSubscriptions(self.aspace, iserver=self)
        self.isession.subscription_service = self.subscription_service
        # only what this server checks: no user certificates
        self.supported_tokens = (ua.AnonymousIdentityToken, ua.UserNameIdentityToken)  # type: ignore[assignment]
        self.subscribe_server_callback(CallbackType.PostRead, _restrict_user_access)  # type: ignore[arg-type]


def _restrict_user_access(event: ServerItemCallback, _: object) -> None:
    """Nobody but the gateway is shown write access."""
    if not event.is_external or event.user.name == GATEWAY_USER:
        return
    for index, item in enumerate(event.request_params.NodesToRead):
        if item.AttributeId == AttributeIds.UserAccessLevel:
            shown = event.response_params[index]
            if shown.Value is not None and shown.Value.Value is not None:
                readable = shown.Value.Value & ua.AccessLevel.CurrentRead.mask
                event.response_params[index] = ua.DataValue(ua.Variant(readable, ua.VariantType.Byte))
