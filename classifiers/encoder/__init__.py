"""Transformer encoders: tokens in, scores and vectors out; on GPU or CPU, without Spark or Ray."""
