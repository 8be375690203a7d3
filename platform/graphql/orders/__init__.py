"""Orders as GraphQL shows them."""
