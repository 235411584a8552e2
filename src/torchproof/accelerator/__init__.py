"""A simulated accelerator: a second device for torch where there is no GPU.

It is torch's PrivateUse1 device under the name `sim`. Its memory is apart from the CPU's, torch
refuses to mix the two, and backward passes run on a thread of their own, as for CUDA. Its kernels
are the CPU's.
"""
