"""The graph over HTTP.

It owns the view, the body and the headers of a request, and the choice of a media type. It does not own
execution (`server.execution`), keys (`server.auth`), rate limits (`server.rate_limits`) or pages for people
(`server.pages`).
"""
