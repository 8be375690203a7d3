"""Scopes, what a credential may do in a shop; and roles, the bundles of them that people hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, Self

from stoa.kit.errors import InvalidInput
from stoa.tenants.access.errors import BeyondYourRights, UnknownRole, UnknownScope
from stoa.tenants.context import Context


class Scope(StrEnum):
    """One right. `en` and `zh` say to a merchant what it opens."""

    en: str
    zh: str

    def __new__(cls, value: str, en: str, zh: str) -> Self:
        scope = str.__new__(cls, value)
        scope._value_, scope.en, scope.zh = value, en, zh
        return scope

    SHOP_READ = "shop:read", "See the shop's name and settings.", "查看店铺名称和设置"
    SHOP_WRITE = "shop:write", "Change the shop's name and settings.", "修改店铺名称和设置"
    MEMBERS_READ = "members:read", "See who works in the shop and in which role.", "查看店铺成员及其角色"
    MEMBERS_WRITE = "members:write", "Change people's roles in the shop, or remove them.", "修改成员角色或移除成员"
    TOKENS_READ = "tokens:read", "See the shop's API tokens, without their secrets.", "查看店铺的 API 令牌，不含密钥"
    TOKENS_WRITE = "tokens:write", "Create and revoke the shop's API tokens.", "创建和吊销店铺的 API 令牌"
    CATALOG_READ = "catalog:read", "See products, categories, prices and stock.", "查看商品、分类、价格和库存"
    CATALOG_WRITE = "catalog:write", "Change and import products, prices and stock.", "修改和导入商品、价格和库存"
    CATALOG_COST = "catalog:cost", "See and change what the shop paid for its goods.", "查看和修改商品的采购成本"
    ORDERS_READ = "orders:read", "See orders, returns and deliveries.", "查看订单、退货和配送"
    ORDERS_WRITE = "orders:write", "Change orders, returns and deliveries.", "处理订单、退货和配送"
    CUSTOMERS_READ = "customers:read", "See customers and their personal data.", "查看客户及其个人信息"
    CUSTOMERS_WRITE = "customers:write", "Change customers, memberships and points.", "修改客户、会员和积分"
    SERVICE_READ = "service:read", "See conversations, tickets and reviews.", "查看会话、工单和评价"
    SERVICE_WRITE = "service:write", "Answer conversations, tickets and reviews.", "回复会话、工单和评价"
    MARKETING_READ = "marketing:read", "See campaigns, promotions and coupons.", "查看营销活动、促销和优惠券"
    MARKETING_WRITE = "marketing:write", "Change campaigns, promotions and coupons.", "修改营销活动、促销和优惠券"
    ANALYTICS_READ = "analytics:read", "See figures, reports and forecasts.", "查看指标、报表和预测"
    ANALYTICS_WRITE = "analytics:write", "Send visits and events, and arrange reports.", "上报访问和事件，配置报表"
    FINANCE_READ = "finance:read", "See the books: income, costs, profit.", "查看账目：收入、成本、利润"
    FINANCE_WRITE = "finance:write", "Post to the books and close periods.", "记账和结账"


class Role(StrEnum):
    """What a person is in a shop."""

    OWNER = "OWNER"
    MANAGER = "MANAGER"
    STAFF = "STAFF"
    VIEWER = "VIEWER"


EVERY_SCOPE: Final = frozenset[str](Scope)
# A manager runs the shop but changes neither its people nor its books; staff serve buyers and see no cost or profit;
# a viewer sees neither buyers' personal data nor the books.
SCOPES_OF: Final[dict[str, frozenset[str]]] = {
    Role.OWNER: EVERY_SCOPE,
    Role.MANAGER: EVERY_SCOPE - {Scope.MEMBERS_WRITE, Scope.FINANCE_WRITE},
    Role.STAFF: frozenset(
        {
            *(Scope.SHOP_READ, Scope.MEMBERS_READ, Scope.CATALOG_READ, Scope.CATALOG_WRITE),
            *(Scope.ORDERS_READ, Scope.ORDERS_WRITE, Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE),
            *(Scope.SERVICE_READ, Scope.SERVICE_WRITE, Scope.MARKETING_READ),
        }
    ),
    Role.VIEWER: frozenset(
        {Scope.SHOP_READ, Scope.CATALOG_READ, Scope.ORDERS_READ, Scope.MARKETING_READ, Scope.ANALYTICS_READ}
    ),
}


def scopes_of(role: str) -> frozenset[str]:
    """The rights of a role; none for a word that is not one."""
    return SCOPES_OF.get(role, frozenset())


def read_role(text: str) -> Role:
    """The role so named. Refuses with `UnknownRole`."""
    try:
        return Role(text)
    except ValueError:
        raise UnknownRole(
            "{text!r} is not a role; the roles are {roles}.", path=["role"], text=text[:40], roles=", ".join(Role)
        ) from None


def read_scopes(texts: Sequence[str]) -> list[Scope]:
    """The scopes so named, each once, in the order of `Scope`. Refuses none at all, and any that is unknown."""
    if not texts:
        raise InvalidInput("Name at least one scope, e.g. catalog:read.", path=["scopes"])
    for position, text in enumerate(texts):
        if text not in EVERY_SCOPE:
            raise UnknownScope("{scope!r} is not a scope.", path=["scopes", position], scope=text[:40])
    return [scope for scope in Scope if scope in texts]


def require_all(ctx: Context, scopes: Iterable[str]) -> None:
    """Refuse to hand out (or take away) what the credential does not hold itself; Stoa itself may."""
    beyond = [] if ctx.actor.kind == "system" else sorted(scope for scope in scopes if scope not in ctx.scopes)
    if beyond:
        raise BeyondYourRights(
            "You do not hold {beyond} yourself.", path=["scopes"], scopes=" ".join(beyond), beyond=", ".join(beyond)
        )
