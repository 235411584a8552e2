"""A simulated accelerator: a second torch device for machines without a GPU.

It is torch's PrivateUse1 device under the name `sim`. As with CUDA, its memory is separate from the
CPU's, torch refuses to mix the two, and backward passes run on their own thread. Its kernels are
the CPU's.
"""
