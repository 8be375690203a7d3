"""Pictures of products as GraphQL shows them."""
