"""Real pages with free licences, and hostile records, to try the pipeline on."""
