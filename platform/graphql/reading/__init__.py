"""The read planner: a GraphQL selection becomes one SQL statement that PostgreSQL answers as JSON.

`declaring` says where a type's stored fields come from, `planning` turns a selection into a plan, `shaping` its
arguments into SQL fragments, `rendering` both into a statement, `decoding` the answer into structs, `fetching` runs
it all, `binding` ties the declarations to the finished schema. No file here knows a domain.
"""
