"""Configuration: everything that an operator can set.

It owns the settings, which alone read the environment, the limits of a request with their defaults, the theme
of the pages, and the form of log lines. It does not own what is done with any of them.
"""
