"""Explanations: why a decision is what it is, and what would change it.

It owns the steps of an explanation in sentences, and remedies, each of which is tried with the rules that
would carry it out. It does not own the decision (`rules.access`) or the commands that a remedy tries
(`rules.commands`).
"""
