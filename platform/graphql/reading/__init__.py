"""The read planner: a GraphQL selection becomes one SQL statement that PostgreSQL answers as JSON.

`declaring` says where a type's stored fields come from, `making` finishes the declarations when all are known,
`binding` ties them to the finished schema. At a request `planning` (with `selecting`) turns a selection into a plan,
`shaping` (with `filtering`, `operators`, `ordering`, `cursors`) the arguments into `fragments` of SQL, `rendering`
both into a statement, `decoding` says what its answer becomes, and `fetching` runs it all. No file here knows a domain.
"""
