"""Pages judged by a large language model against written requirements, and a student of it."""
