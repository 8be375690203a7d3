"""Stock: how many there are of what and where; every change is a movement, and the balances are their sums."""
