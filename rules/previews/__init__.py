"""Previews: what an edit of the catalog or a change of plan would do to customers.

It owns which customers an edit can affect, the comparison of decisions before and after, and the impact
that sums it up. It does not own the edit itself (`rules.catalog_edits`, `rules.commands`) or the decision
(`rules.access`); it compares the results of both with and without the edit.
"""
