"""The pages that people read: GraphiQL, the pricing page, and the customer's portal.

It owns their routes, their layout and security headers, and what each template is given. Templates and
static files are in server/templates and server/static. It does not own what a page says of a customer
(`rules.portal`, `rules.pricing`).
"""
