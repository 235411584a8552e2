"""
Two processes with half of the batch each get the gradient of the whole
=======================================================================

What does ``DistributedDataParallel`` do to a backward pass? It averages: while backward runs, hooks
of the leaves send each gradient to the other processes. What a process sees in a hook of its own is
still its own half; what it finds in ``.grad`` is the mean of all.
"""

# %%
# Two processes
# -------------
#
# Two children are forked, as Linux and macOS can, and meet through a file. They use ``gloo``, which
# works on CPUs. Each child gets its rank and answers through a pipe. The parent runs no backward
# pass: threads of autograd do not survive a fork.

import os
import tempfile
from contextlib import nullcontext
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch._dynamo  # the wrapper imports it; once here is faster than once in each child
import torch.distributed as dist
from torch import nn
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.multiprocessing import get_context
from torch.nn.parallel import DistributedDataParallel

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

torch.set_default_device("cpu")
WORLD = 2
x = torch.sin(torch.arange(48.0) ** 2).view(8, 6)
y = torch.cos(torch.arange(8.0)).view(8, 1)


def make_model():
    model = nn.Linear(6, 1)
    nn.init.ones_(model.weight)
    nn.init.zeros_(model.bias)
    return model


def loss_of(model, rows=slice(None)):
    return nn.functional.mse_loss(model(x[rows]), y[rows])


def flat(tensors):
    return torch.cat([tensor.flatten() for tensor in tensors]).tolist()


def child(task, rank, meeting, pipe):
    """Join the other process, do the task, and send back what it returns."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=WORLD)
    pipe.send(task(rank))
    dist.barrier()  # one that leaves early ends what the other waits for
    dist.destroy_process_group()


def on_each(task):
    """Return the answers of the processes, by rank."""
    fork, pipes, children = get_context("fork"), [], []
    with tempfile.TemporaryDirectory() as folder:
        for rank in range(WORLD):
            here, there = fork.Pipe()
            arguments = (task, rank, os.path.join(folder, "meeting"), there)
            children.append(fork.Process(target=child, args=arguments, daemon=True))
            children[-1].start()
            there.close()
            pipes.append(here)
        answers = [pipe.recv() for pipe in pipes]
        for process in children:
            process.join()
            assert process.exitcode == 0
    return answers


# %%
# Before and after the mean
# -------------------------
#
# A hook of :py:meth:`torch.Tensor.register_hook` on each parameter notes the gradient that arrives.
# After the pass ``.grad`` is read.


def one_pass(rank):
    """Return what hooks saw, the gradients after backward, and those of the whole batch."""
    model = make_model()
    wrapped, arrived = DistributedDataParallel(model), dict.fromkeys(model.state_dict())
    for name, parameter in model.named_parameters():
        parameter.register_hook(lambda grad, name=name: arrived.update({name: grad.clone()}))
    loss_of(wrapped, slice(rank, None, WORLD)).backward()
    alone = make_model()
    loss_of(alone).backward()
    return flat(arrived.values()), *(flat(p.grad for p in m.parameters()) for m in (model, alone))


(arrived_0, after_0, whole), (arrived_1, after_1, _) = on_each(one_pass)

fig, ax = plt.subplots(figsize=(6.5, 3.5), layout="constrained")
places = range(len(whole))
ax.bar(places, whole, width=0.8, color="0.85", label="whole batch, one process")
ax.plot(places, arrived_0, "o", color="tab:orange", ms=5, label="process 0, in a hook")
ax.plot(places, arrived_1, "o", color="tab:green", ms=5, label="process 1, in a hook")
ax.plot(places, after_0, "_", color="tab:blue", ms=14, mew=2.5, label=".grad, both processes")
ax.set(xlabel="weight", ylabel="gradient", title="Half a batch each, the mean in .grad")
ax.legend(frameon=False, fontsize=9)
plt.show()

# %%
# Accumulation without talk
# -------------------------
#
# Each backward pass sends its gradients, also those that will be added up. Under ``no_sync`` it
# sends nothing; the first pass outside sends the sum. A hook of the communication counts how often.


def accumulate(rank, quiet):
    """Return how many buckets were sent in two passes, and the gradients."""
    model = make_model()
    wrapped, sent = DistributedDataParallel(model), []

    def count(state, bucket):
        sent.append(bucket.index())
        return allreduce_hook(state, bucket)

    wrapped.register_comm_hook(None, count)
    first, second = (slice(start, None, 2 * WORLD) for start in (rank, rank + WORLD))
    with wrapped.no_sync() if quiet else nullcontext():
        (loss_of(wrapped, first) / 2).backward()
    (loss_of(wrapped, second) / 2).backward()
    return len(sent), flat(p.grad for p in model.parameters())


each_pass, no_sync = (on_each(partial(accumulate, quiet=quiet))[0] for quiet in (False, True))
print(f"sent {each_pass[0]} times; under no_sync {no_sync[0]} time")

# %%
# What was seen
# -------------
#
# The mean of the two halves is the gradient of the whole batch, since the halves are of one size
# and the loss is a mean. Clip after the pass, when ``.grad`` is the mean. The entry of
# :py:meth:`torch.Tensor.register_hook` says when a hook runs.

close = partial(torch.testing.assert_close, rtol=1e-4, atol=1e-5)
close(torch.tensor(after_0), torch.tensor(whole))
assert after_0 == after_1 and arrived_0 != arrived_1
close((torch.tensor(arrived_0) + torch.tensor(arrived_1)) / 2, torch.tensor(after_0))
assert (torch.tensor(arrived_0) - torch.tensor(whole)).abs().max() > 0.05
assert each_pass[0] == 2 and no_sync[0] == 1
for _, gradient in (no_sync, each_pass):
    close(torch.tensor(gradient), torch.tensor(whole))
