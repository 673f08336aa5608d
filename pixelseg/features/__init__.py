"""Per-pixel features: a bank of Gaussian filters at several scales."""
