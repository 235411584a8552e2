"""What torch and visdom say of themselves: names, signatures, sources, and the names in code."""
