"""What quality and domains are worth on pages that people judged."""
