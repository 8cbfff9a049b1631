"""The tables of a run, each declared once; Arrow and Spark forms derive from the declaration.

Read in the order of the data: `document`, `reject`, `keys`, `verdict`, `shard`, and what proves
that they are whole: `receipt`, `ledger`, `manifest`. Why a page went is `drop_reason`.
"""
