"""Whether formulas come back: a set of known ones, rendered by the real renderers."""
