"""The graph that the services share: versions, what they were made from, what binds them."""
