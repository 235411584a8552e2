// Automatic mixed precision: torch's lists of operators, cast before they are called.
#pragma once

#include "kernels.h"

#include <ATen/autocast_mode.h>

namespace sim {

namespace amp = at::autocast;

inline void call_below_autocast(const c10::OperatorHandle& op, Stack* stack) {
  c10::impl::ExcludeDispatchKeyGuard below(
      c10::DispatchKeySet(c10::DispatchKey::AutocastPrivateUse1));
  op.callBoxed(stack);
}

template <class Change>
void change_tensors(const c10::OperatorHandle& op, Stack* stack, Change change) {
  for (auto value = stack->end() - op.schema().arguments().size(); value != stack->end(); ++value) {
    if (value->isTensor() && value->toTensor().defined()) {
      *value = change(value->toTensor());
    } else if (value->isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor& each : value->toTensorVector()) list.push_back(change(each));
      *value = list;
    }
  }
}

inline void cast(const c10::OperatorHandle& op, Stack* stack, at::ScalarType type) {
  change_tensors(op, stack, [&](const at::Tensor& tensor) {
    return amp::cached_cast(type, tensor, kSim);
  });
  call_below_autocast(op, stack);
}

inline void run_lower(const c10::OperatorHandle& op, Stack* stack) {
  cast(op, stack, amp::get_autocast_dtype(kSim));
}

inline void run_float(const c10::OperatorHandle& op, Stack* stack) {
  cast(op, stack, at::kFloat);
}

// The widest of the arguments.
inline void run_widest(const c10::OperatorHandle& op, Stack* stack) {
  auto type = amp::get_autocast_dtype(kSim);
  change_tensors(op, stack, [&](const at::Tensor& tensor) {
    type = amp::prioritize(type, tensor, kSim);
    return tensor;
  });
  cast(op, stack, type);
}

// A sum or the like returns float32, unless the caller asks for another type.
inline void run_to_float(const c10::OperatorHandle& op, Stack* stack) {
  const auto& arguments = op.schema().arguments();
  const auto first = stack->size() - arguments.size();
  if ((*stack)[first].isTensor() && amp::is_eligible((*stack)[first].toTensor(), kSim))
    for (size_t at = 0; at < arguments.size(); ++at)
      if (arguments[at].name() == "dtype" && (*stack)[first + at].isNone())
        (*stack)[first + at] = at::kFloat;
  call_below_autocast(op, stack);
}

inline void refuse_cross_entropy(const c10::OperatorHandle&, Stack*) {
  TORCH_CHECK(
      false,
      "torch.nn.functional.binary_cross_entropy and torch.nn.BCELoss are unsafe to autocast.\n"
      "Many models use a sigmoid layer right before the binary cross entropy layer.\n"
      "In this case, combine the two layers using torch.nn.functional.binary_cross_entropy_with_logits\n"
      "or torch.nn.BCEWithLogitsLoss.  binary_cross_entropy_with_logits and BCEWithLogits are\n"
      "safe to autocast.");
}

} // namespace sim
