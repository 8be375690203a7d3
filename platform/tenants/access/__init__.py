"""Access: who may enter which shop, by which proof, and what they may do there.

A person signs up (`sign_up`, or `open_account` together with a shop), signs in (`sign_in`) and holds a session; a
program holds an API token (`create_token`). On every request `identify_session` or `identify_token` says who asks,
while `hearing_changes` keeps what they remember true. Roles (`Role`) are bundles of scopes (`Scope`); `change_role`
and `remove_member` change who has them. What browsers need besides is in `browsing`, the refusals in `errors`.
"""

from stoa.tenants.access.accounts import sign_up
from stoa.tenants.access.hearing import hearing_changes
from stoa.tenants.access.identifying import Identity, identify_session, identify_token
from stoa.tenants.access.members import (
    change_role,
    members_of,
    memberships_of,
    names_of,
    remove_member,
)
from stoa.tenants.access.opening import open_account, open_another_shop
from stoa.tenants.access.scopes import Role, Scope, scopes_of
from stoa.tenants.access.sessions import (
    end_session,
    sessions_of,
    sign_out,
    sign_out_everywhere,
)
from stoa.tenants.access.signin import SignedIn, sign_in, start_session
from stoa.tenants.access.sweeping import sweep
from stoa.tenants.access.tokens import NewToken, create_token, revoke_token, tokens_of

__all__ = [
    "Identity",
    "NewToken",
    "Role",
    "Scope",
    "SignedIn",
    "change_role",
    "create_token",
    "end_session",
    "hearing_changes",
    "identify_session",
    "identify_token",
    "members_of",
    "memberships_of",
    "names_of",
    "open_account",
    "open_another_shop",
    "remove_member",
    "revoke_token",
    "scopes_of",
    "sessions_of",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "sign_up",
    "start_session",
    "sweep",
    "tokens_of",
]
