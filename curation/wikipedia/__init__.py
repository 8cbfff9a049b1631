"""Dumps of Wikipedia in; what it cites, and the pages of a crawl that it cites, out."""
