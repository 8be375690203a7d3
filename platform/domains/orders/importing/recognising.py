"""Recognise a file of orders by its header: Shopify's export, or columns whose names tell what they hold.

Shopify's columns are those of its help page "Exporting orders" (help.shopify.com/en/manual/fulfillment/managing-orders/
exporting-orders, "Order CSV file format"): one row for each line, what is true of the whole order in its first row.
"""

from __future__ import annotations

import unicodedata

from stoa.domains.orders.importing.options import Field

SHOPIFY: dict[Field, str] = {
    Field.ORDER: "Name",
    Field.TIME: "Created at",
    Field.SKU: "Lineitem sku",
    Field.TITLE: "Lineitem name",
    Field.QUANTITY: "Lineitem quantity",
    Field.PRICE: "Lineitem price",
    Field.LINE_DISCOUNT: "Lineitem discount",
    Field.LINE_FULFILMENT: "Lineitem fulfillment status",
    Field.REQUIRES_SHIPPING: "Lineitem requires shipping",
    Field.EMAIL: "Email",
    Field.PHONE: "Phone",
    Field.CURRENCY: "Currency",
    Field.SUBTOTAL: "Subtotal",
    Field.DISCOUNT: "Discount Amount",
    Field.DISCOUNT_CODE: "Discount Code",
    Field.SHIPPING: "Shipping",
    Field.TAX: "Taxes",
    Field.TOTAL: "Total",
    Field.REFUNDED: "Refunded Amount",
    Field.OUTSTANDING: "Outstanding Balance",
    Field.FINANCIAL_STATUS: "Financial Status",
    Field.FULFILMENT_STATUS: "Fulfillment Status",
    Field.PAID_AT: "Paid at",
    Field.FULFILLED_AT: "Fulfilled at",
    Field.CANCELLED_AT: "Cancelled at",
    Field.PAYMENT_METHOD: "Payment Method",
    Field.PAYMENT_REFERENCE: "Payment Reference",
    Field.SHIPPING_METHOD: "Shipping Method",
    Field.NOTE: "Notes",
    Field.TAGS: "Tags",
    Field.CHANNEL_ID: "Id",
    Field.SHIPPING_NAME: "Shipping Name",
    Field.SHIPPING_COMPANY: "Shipping Company",
    Field.SHIPPING_LINE1: "Shipping Address1",
    Field.SHIPPING_LINE2: "Shipping Address2",
    Field.SHIPPING_CITY: "Shipping City",
    Field.SHIPPING_POSTCODE: "Shipping Zip",
    Field.SHIPPING_PROVINCE: "Shipping Province",
    Field.SHIPPING_COUNTRY: "Shipping Country",
    Field.SHIPPING_PHONE: "Shipping Phone",
    Field.BILLING_NAME: "Billing Name",
    Field.BILLING_COMPANY: "Billing Company",
    Field.BILLING_LINE1: "Billing Address1",
    Field.BILLING_LINE2: "Billing Address2",
    Field.BILLING_CITY: "Billing City",
    Field.BILLING_POSTCODE: "Billing Zip",
    Field.BILLING_PROVINCE: "Billing Province",
    Field.BILLING_COUNTRY: "Billing Country",
    Field.BILLING_PHONE: "Billing Phone",
}
TELLING = ("Name", "Lineitem quantity", "Lineitem name", "Lineitem price", "Financial Status")
# Headers as shops and other systems write them; letters and digits in lower case are compared.
KNOWN_HEADERS: dict[Field, str] = {
    Field.ORDER: "order order_number order_no order_id invoice invoice_no invoice_number 订单号 订单编号 发票号",
    Field.TIME: "time date order_date invoice_date created_at placed_at 下单时间 订单时间 时间 日期",
    Field.SKU: "sku stock_code item_number item_no article_number product_code code 商品编码 货号 商家编码 编码",
    Field.TITLE: "title description name product_name product item_name 商品名称 商品标题 品名 名称",
    Field.QUANTITY: "quantity qty count pieces 数量 件数",
    Field.PRICE: "unit_price price item_price 单价 价格",
    Field.CUSTOMER: "customer_id customer customer_no buyer_id 客户编号 客户号 买家id 会员号",
    Field.EMAIL: "email e_mail customer_email 邮箱 电子邮件",
    Field.PHONE: "phone mobile telephone 电话 手机 手机号",
    Field.NAME: "customer_name buyer buyer_name 客户名称 客户姓名 买家 收货人",
    Field.COUNTRY: "country shipping_country 国家 国家地区",
    Field.CURRENCY: "currency 币种 货币",
    Field.SHIPPING: "shipping freight postage 运费 邮费",
    Field.DISCOUNT: "discount order_discount 优惠 优惠金额 折扣",
    Field.TAX: "tax taxes vat 税 税费",
    Field.TOTAL: "total order_total grand_total 订单金额 总额 实付金额",
    Field.NOTE: "note notes remark 备注",
}


def recognise(columns: list[str]) -> tuple[bool, dict[str, str]]:
    """Whether the file is Shopify's, and which of its columns probably holds what."""
    there = {_plain(column): column for column in reversed(columns)}
    if all(_plain(name) in there for name in TELLING):
        return True, {field.value: there[_plain(name)] for field, name in SHOPIFY.items() if _plain(name) in there}
    mapping: dict[str, str] = {}
    for field, headers in KNOWN_HEADERS.items():
        found = next((name for each in headers.split() if (name := _plain(each)) in there), None)
        if found is not None:
            mapping[field.value] = there.pop(found)
    return False, mapping


def _plain(header: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", header).casefold() if letter.isalnum())
