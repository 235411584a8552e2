"""Record how autograd's graphs come to be and how a backward pass walks them, step by step."""
