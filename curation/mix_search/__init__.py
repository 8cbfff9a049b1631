"""Mix search: small language models on candidate mixes, a regression, and the best predicted mix.

Sources: the Llama 3.1 report (2024), section 3.1.2, which finds its mix on small models; Liu et
al., RegMix (2024); Ye et al., Data Mixing Laws (2024), whose law is fitted here.
"""
