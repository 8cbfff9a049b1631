"""Block lists: which hosts and URLs a page must not come from."""
