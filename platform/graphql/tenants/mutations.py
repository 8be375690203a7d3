"""Sign up, sign in and out; keys for programs; who works in the shop; files on their way."""

from __future__ import annotations

import strawberry

from stoa.graphql.context import GraphContext
from stoa.graphql.documents import trust
from stoa.graphql.mutations import Payload, open_mutation, shop_mutation
from stoa.graphql.scalars import read_id
from stoa.graphql.tenants.inputs import (
    AccountOpenInput,
    ApiTokenCreateInput,
    ApiTokenRevokeInput,
    MemberRemoveInput,
    MemberRoleChangeInput,
    SessionEndInput,
    SessionStartInput,
    ShopOpenInput,
    TrustedDocumentAddInput,
    UploadStageInput,
)
from stoa.graphql.tenants.types import Account, ApiToken, Member, Shop
from stoa.kit.ids import type_id
from stoa.tenants import access
from stoa.tenants.access import Scope, SignedIn
from stoa.tenants.access.browsing import ended_cookie, session_cookie
from stoa.tenants.access.errors import PeopleOnly
from stoa.tenants.context import Context
from stoa.tenants.uploading import stage_upload


@strawberry.type(description="A person after signing up or in.")
class SessionPayload(Payload):
    account: Account | None = strawberry.field(default=None, description="The person.")
    shop: Shop | None = strawberry.field(default=None, description="The shop that was opened along with the account.")
    csrf_token: str | None = strawberry.field(
        default=None, description="What the browser sends as the header `Stoa-Csrf` from now on."
    )


@strawberry.type(description="A shop after a mutation.")
class ShopPayload(Payload):
    shop: Shop | None = strawberry.field(default=None, description="The shop.")


@strawberry.type(description="After signing out.")
class SessionEndPayload(Payload):
    ended: int = strawberry.field(default=0, description="How many sessions that were.")


@strawberry.type(description="A new token, and its secret for the only time.")
class ApiTokenCreatePayload(Payload):
    token: ApiToken | None = strawberry.field(default=None, description="The token.")
    secret: str | None = strawberry.field(
        default=None, description="Send it as `Authorization: Bearer ...`; it cannot be shown again."
    )


@strawberry.type(description="A token after a mutation.")
class ApiTokenPayload(Payload):
    token: ApiToken | None = strawberry.field(default=None, description="The token.")


@strawberry.type(description="A member after a mutation.")
class MemberPayload(Payload):
    member: Member | None = strawberry.field(default=None, description="The member; null once removed.")


@strawberry.type(description="Where to send the file.")
class UploadStagePayload(Payload):
    upload_id: strawberry.ID | None = strawberry.field(default=None, description="What the file is called from now on.")
    url: str | None = strawberry.field(
        default=None, description="PUT the bytes here, within an hour; no header needed."
    )


@strawberry.type(description="A registered document.")
class TrustedDocumentPayload(Payload):
    sha256: str | None = strawberry.field(default=None, description="Its hash: send it in place of the query.")


@open_mutation("Sign up with a shop of one's own, and be signed in.")
async def account_open(context: GraphContext, input: AccountOpenInput) -> SessionPayload:
    account, shop = await access.open_account(
        context.services.settings,
        input.email,
        input.password,
        name=input.name,
        shop_name=input.shop_name,
        currency=input.currency,
        time_zone=input.time_zone,
        locale=input.locale,
        address=context.address,
    )
    signed_in = await access.start_session(
        account, address=context.address, user_agent=context.user_agent, instead_of=context.session_secret
    )
    return _session_payload(context, signed_in, Shop.of(shop))


@open_mutation("Open one more shop, as its owner.")
async def shop_open(context: GraphContext, input: ShopOpenInput) -> ShopPayload:
    identity = context.signed_in()
    if identity.session_id is None:
        raise PeopleOnly("Shops are opened by people: sign in and open it there.")
    shop = await access.open_another_shop(
        context.services.settings,
        identity.account_id,
        name=input.name,
        currency=input.currency,
        time_zone=input.time_zone,
        locale=input.locale,
    )
    return ShopPayload(shop=Shop.of(shop))


@open_mutation("Sign in with e-mail and password; the browser gets a session cookie.")
async def session_start(context: GraphContext, input: SessionStartInput) -> SessionPayload:
    signed_in = await access.sign_in(
        input.email,
        input.password,
        address=context.address,
        user_agent=context.user_agent,
        instead_of=context.session_secret,
    )
    return _session_payload(context, signed_in, None)


@open_mutation("Sign out, here or everywhere. API tokens stay.")
async def session_end(context: GraphContext, input: SessionEndInput) -> SessionEndPayload:
    identity = context.signed_in()
    if identity.session_id is None:
        raise PeopleOnly("A token has no session; revoke it with apiTokenRevoke.")
    context.set_cookies.append(ended_cookie(is_secure=context.services.is_secure))
    if input.everywhere:
        return SessionEndPayload(ended=await access.sign_out_everywhere(identity.account_id))
    await access.sign_out(identity.session_id)
    return SessionEndPayload(ended=1)


def _session_payload(context: GraphContext, signed_in: SignedIn, shop: Shop | None) -> SessionPayload:
    context.set_cookies.append(session_cookie(signed_in.secret, is_secure=context.services.is_secure))
    return SessionPayload(account=Account.of(signed_in.account), shop=shop, csrf_token=signed_in.csrf_token)


@shop_mutation(Scope.TOKENS_WRITE, "Make an API token for this shop.")
async def api_token_create(ctx: Context, input: ApiTokenCreateInput) -> ApiTokenCreatePayload:
    made = await access.create_token(
        ctx,
        name=input.name,
        scopes=input.scopes,
        expires_at=input.expires_at,
        trusted_documents_only=input.trusted_documents_only,
    )
    return ApiTokenCreatePayload(token=ApiToken.of(made.token), secret=made.secret)


@shop_mutation(Scope.TOKENS_WRITE, "End an API token, at once and everywhere.")
async def api_token_revoke(ctx: Context, input: ApiTokenRevokeInput) -> ApiTokenPayload:
    return ApiTokenPayload(token=ApiToken.of(await access.revoke_token(ctx, read_id("id", input.id, "tok"))))


@shop_mutation(Scope.MEMBERS_WRITE, "Give a member another role.")
async def member_role_change(ctx: Context, input: MemberRoleChangeInput) -> MemberPayload:
    member = await access.change_role(ctx, read_id("id", input.id, "mem"), input.role)
    await member.fetch_related("account")
    return MemberPayload(member=Member.of(member))


@shop_mutation(Scope.SHOP_READ, "Take a member out of the shop (with the scope `members:write`), or leave it oneself.")
async def member_remove(ctx: Context, input: MemberRemoveInput) -> MemberPayload:
    await access.remove_member(ctx, read_id("id", input.id, "mem"))
    return MemberPayload()


@shop_mutation(Scope.CATALOG_WRITE, "Announce a file; answers where to send it.")
async def upload_stage(ctx: Context, input: UploadStageInput) -> UploadStagePayload:
    staged = await stage_upload(ctx, input.file_name, input.content_type, input.size)
    return UploadStagePayload(upload_id=strawberry.ID(type_id("upl", staged.upload.id)), url=staged.path)


@shop_mutation(
    Scope.TOKENS_WRITE, "Register a GraphQL document for credentials in allow-list mode; twice changes nothing."
)
async def trusted_document_add(ctx: Context, input: TrustedDocumentAddInput) -> TrustedDocumentPayload:
    return TrustedDocumentPayload(sha256=await trust(ctx, input.body))


@strawberry.type
class TenantMutations:
    """What can be done to one's own standing."""

    account_open = account_open
    session_start = session_start
    session_end = session_end
    shop_open = shop_open
    api_token_create = api_token_create
    api_token_revoke = api_token_revoke
    member_role_change = member_role_change
    member_remove = member_remove
    upload_stage = upload_stage
    trusted_document_add = trusted_document_add
