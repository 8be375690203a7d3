"""After-sale cases as GraphQL shows them."""
