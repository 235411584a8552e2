// The kernels of the device: those of the CPU, over the device's memory.
#pragma once

#include "crossing.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/library.h>

#include <functional>
#include <set>

namespace sim {

using torch::jit::Stack;

// Arguments that stand on the CPU by torch's own rules, whatever the device of the others.
inline bool may_stay(const c10::FunctionSchema& schema, const c10::Argument& argument) {
  static const std::set<std::string> any = {
      "aten::_pack_padded_sequence", "aten::_pack_padded_sequence.out"};
  return argument.name() == "scalars" || any.count(schema.name());
}

inline void check_devices(const c10::FunctionSchema& schema, c10::ArrayRef<c10::IValue> given) {
  bool on_device = false, elsewhere = false, drawn_here = false;
  auto look = [&](const at::Tensor& tensor) {
    if (tensor.defined()) (tensor.device() == kDevice ? on_device : elsewhere) = true;
  };
  for (const auto& value : given) {
    if (value.isTensor()) look(value.toTensor());
    if (value.isTensorList())
      for (const at::Tensor& each : value.toTensorVector()) look(each);
    drawn_here |= value.isGenerator() && value.toGenerator().device() == kDevice;
  }
  TORCH_CHECK(
      on_device || !elsewhere || !drawn_here,
      "Expected a 'cpu' device type for generator but found '", kSim, "'");
  if (!on_device) return;
  for (size_t at = 0; at < given.size(); ++at) {
    const auto& argument = schema.arguments()[at];
    if (may_stay(schema, argument)) continue;
    const auto* alias = argument.alias_info();
    const bool written = alias && alias->isWrite();
    auto check = [&](const at::Tensor& tensor) {
      if (!tensor.defined() || tensor.device() == kDevice) return;
      // A number that lies on the CPU is an operand as a Python number is.
      if (tensor.dim() == 0 && !written) return;
      TORCH_CHECK(
          false, "Expected all tensors to be on the same device, but found at least two devices, ",
          kDevice, " and ", tensor.device(), "!");
    };
    if (given[at].isTensor()) check(given[at].toTensor());
    if (given[at].isTensorList())
      for (const at::Tensor& each : given[at].toTensorVector()) check(each);
  }
}

inline c10::IValue to_host(Crossing& crossing, const c10::IValue& value, const std::string& name) {
  if (value.isTensor()) return crossing.to_host(value.toTensor());
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& each : value.toTensorVector()) list.push_back(crossing.to_host(each));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list;
    for (const auto& each : value.toOptionalTensorVector())
      list.push_back(each ? std::optional(crossing.to_host(*each)) : each);
    return list;
  }
  if (value.isStorage()) return crossing.to_host(value.toStorage());
  if (value.isDevice() && value.toDevice().type() == kSim) return c10::Device(c10::DeviceType::CPU);
  if (value.isGenerator()) return host_generator(value.toGenerator());
  if (value.isNone() && name == "generator") return host_generator(default_generator());
  return value;
}

inline c10::IValue to_device(Crossing& crossing, const c10::IValue& value) {
  if (value.isTensor()) return crossing.to_device(value.toTensor());
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& each : value.toTensorVector()) list.push_back(crossing.to_device(each));
    return list;
  }
  return value;
}

// Run `call` on the host's side of what `op` was given, and leave what it returns on the stack.
inline void run(
    const c10::OperatorHandle& op, Stack* stack, const std::function<void(Stack*)>& call) {
  const auto& schema = op.schema();
  const auto count = schema.arguments().size();
  Stack given(stack->end() - count, stack->end());
  torch::jit::drop(*stack, count);
  check_devices(schema, given);

  at::AutoDispatchBelowADInplaceOrView below_autograd;
  Crossing crossing;
  Stack host;
  bool has_generator = false;
  for (size_t at = 0; at < count; ++at) {
    const auto& name = schema.arguments()[at].name();
    has_generator |= name == "generator";
    host.push_back(to_host(crossing, given[at], name));
  }
  {
    std::optional<DrawFromDevice> draw;
    if (!has_generator && op.hasTag(at::Tag::nondeterministic_seeded)) draw.emplace();
    call(&host);
  }
  crossing.settle();
  for (auto& value : host) stack->push_back(to_device(crossing, value));
}

inline void run_kernel(const c10::OperatorHandle& op, Stack* stack) {
  run(op, stack, [&](Stack* host) {
    op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), host);
  });
}

inline void run_sparse_kernel(const c10::OperatorHandle& op, Stack* stack) {
  run(op, stack, [&](Stack* host) {
    auto keys = c10::DispatchKeySet(c10::DispatchKey::SparseCPU);
    op.redispatchBoxed(keys, host);
  });
}

inline c10::OperatorHandle find(const char* name, const char* overload = "") {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
}

// torch's own convolution sends foreign devices to these two, which only such a device has.
inline void run_convolution(const c10::OperatorHandle& op, Stack* stack) {
  static const auto whole = find("aten::convolution");
  run(op, stack, [&](Stack* host) { whole.callBoxed(host); });
}

inline void run_convolution_backward(const c10::OperatorHandle& op, Stack* stack) {
  static const auto whole = find("aten::convolution_backward");
  run(op, stack, [&](Stack* host) {
    const auto channels = (*host)[0].toTensor().size(1);
    host->insert(host->begin() + 3, c10::IValue(std::vector<int64_t>{channels}));
    whole.callBoxed(host);
  });
}

} // namespace sim
