"""The web process: one FastAPI application with the HTTP API under /v1 and the console for people beside it.

Speaks HTTP, JSON and RDF to browsers and programs, and the request channel to core, gateway and replica, always in
the name of the person who asks. Holds no authority of its own: the Gate judges, the gateway writes. Must not know how
a Change is judged, a query evaluated or a page drawn.

`app` puts it together, `access` says who may do what, `problems` how errors look, `hub` follows the core. Nothing is
imported here, because the command line reads `errors` and should not wait for FastAPI.
"""
