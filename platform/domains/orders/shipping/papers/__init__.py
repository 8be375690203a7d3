"""What goes along with a parcel: its packing list and its label, as PDF, in the language of whoever reads it."""

from stoa.domains.orders.shipping.papers.handing_out import open_paper, paper_link
from stoa.domains.orders.shipping.papers.making import Paper, paper

__all__ = ["Paper", "open_paper", "paper", "paper_link"]
