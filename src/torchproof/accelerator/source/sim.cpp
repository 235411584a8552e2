// A simulated accelerator for torch's PrivateUse1 key: what is registered, and under which name.
#include "autocast.h"
#include "cells.h"
#include "device.h"

#include <ATen/EmptyTensor.h>
#include <ATen/native/transformers/attention.h>
#include <ATen/native/transformers/sdp_utils_cpp.h>

namespace sim {
namespace {

C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard)

[[maybe_unused]] const bool registered = [] {
  c10::SetAllocator(kSim, &memory());
  at::RegisterPrivateUse1HooksInterface(new Hooks);
  return true;
}();

const c10::DispatchKeySet kKeys(c10::DispatchKey::PrivateUse1);

Tensor filled(Tensor tensor) {
  auto& context = at::globalContext();
  if (context.deterministicAlgorithms() && context.deterministicFillUninitializedMemory()) {
    const auto type = tensor.scalar_type();
    const auto bits = 8 * tensor.element_size();
    if (c10::isFloatingType(type) || c10::isComplexType(type)) tensor.fill_(NAN);
    else if (type == at::kBool) tensor.fill_(true);
    else if (type == at::kByte) tensor.fill_(0xFF);
    else tensor.fill_(static_cast<int64_t>((uint64_t{1} << (bits - 1)) - 1));
  }
  return tensor;
}

void check_options(std::optional<c10::Layout> layout, std::optional<bool> pin) {
  TORCH_CHECK(
      c10::layout_or_default(layout) == c10::kStrided, "sim has no dense tensors of this layout");
  TORCH_CHECK(!pin.value_or(false), "Only dense CPU tensors can be pinned");
}

Tensor empty(
    c10::IntArrayRef size, std::optional<at::ScalarType> type, std::optional<c10::Layout> layout,
    std::optional<c10::Device> device, std::optional<bool> pin,
    std::optional<at::MemoryFormat> format) {
  check_options(layout, pin);
  if (device) Guard().setDevice(*device);
  return filled(at::detail::empty_generic(
      size, &memory(), kKeys, c10::dtype_or_default(type), format));
}

Tensor empty_strided(
    c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<at::ScalarType> type,
    std::optional<c10::Layout> layout, std::optional<c10::Device> device,
    std::optional<bool> pin) {
  check_options(layout, pin);
  if (device) Guard().setDevice(*device);
  return filled(at::detail::empty_strided_generic(
      size, stride, &memory(), kKeys, c10::dtype_or_default(type)));
}

Tensor copy_from(const Tensor& from, const Tensor& to, bool) {
  at::AutoDispatchBelowADInplaceOrView below_autograd;
  Crossing crossing;
  crossing.to_host(to).copy_(crossing.to_host(from));
  return to;
}

Tensor copy_from_and_resize(const Tensor& from, const Tensor& to) {
  if (to.sizes() != from.sizes()) to.resize_(from.sizes());
  return copy_from(from, to, false);
}

void record_stream(Tensor&, c10::Stream) {}

// `module.to(device)` keeps its parameters if torch calls their types compatible. It says so of the
// CPU and CUDA, and of no device from outside.
bool compatible(const Tensor& tensor, const Tensor& from) {
  auto dense = [](const Tensor& t) { return t.layout() == c10::kStrided && !t.is_meta(); };
  return (dense(tensor) && dense(from)) || (tensor.is_sparse() && from.is_sparse());
}

int64_t attention(
    const Tensor&, const Tensor&, const Tensor&, const MaybeTensor&, double, bool,
    std::optional<double>, bool) {
  return static_cast<int64_t>(sdp::SDPBackend::math);
}

at::Generator generator() { return default_generator(); }

#define BOXED(function) torch::CppFunction::makeFromBoxedFunction<&function>()

TORCH_LIBRARY(torchproof_sim, m) { m.def("default_generator() -> Generator?", &generator); }

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(BOXED(run_kernel)); }
TORCH_LIBRARY_IMPL(_, SparsePrivateUse1, m) { m.fallback(BOXED(run_sparse_kernel)); }
TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, m) { m.fallback(torch::CppFunction::makeFallthrough()); }

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("_copy_from", copy_from);
  m.impl("_copy_from_and_resize", copy_from_and_resize);
  m.impl("record_stream", record_stream);
  m.impl("_has_compatible_shallow_copy_type", compatible);
  m.impl("_fused_sdp_choice", attention);
  m.impl("convolution_overrideable", BOXED(run_convolution));
  m.impl("convolution_backward_overrideable", BOXED(run_convolution_backward));
  m.impl("_thnn_fused_lstm_cell", lstm_cell);
  m.impl("_thnn_fused_lstm_cell_backward_impl", lstm_cell_backward);
  m.impl("_thnn_fused_gru_cell", gru_cell);
  m.impl("_thnn_fused_gru_cell_backward", gru_cell_backward);
}

// Up to torch 2.9, nothing below is asked unless this key answers.
TORCH_LIBRARY_IMPL(aten, AutogradPrivateUse1, m) {
  m.impl("_has_compatible_shallow_copy_type", compatible);
}

// torch's own fallbacks for sparse tensors come before a device's, so each has to be named.
TORCH_LIBRARY_IMPL(aten, SparsePrivateUse1, m) {
  auto& dispatcher = c10::Dispatcher::singleton();
  for (const auto& name : dispatcher.getAllOpNames()) {
    const auto op = dispatcher.findOp(name);
    if (op && name.name.rfind("aten::", 0) == 0 &&
        op->hasKernelForDispatchKey(c10::DispatchKey::SparseCPU))
      m.impl(c10::toString(name).c_str(), BOXED(run_sparse_kernel));
  }
}

// A copy resolves conjugates and negatives itself; torch would do it by a copy, without end.
TORCH_LIBRARY_IMPL(aten, Conjugate, m) {
  m.impl("_copy_from", torch::CppFunction::makeFallthrough());
  m.impl("_copy_from_and_resize", torch::CppFunction::makeFallthrough());
}
TORCH_LIBRARY_IMPL(aten, Negative, m) {
  m.impl("_copy_from", torch::CppFunction::makeFallthrough());
  m.impl("_copy_from_and_resize", torch::CppFunction::makeFallthrough());
}

// The lists are macros that take a macro of one or of two arguments.
#define PICK(_1, _2, chosen, ...) chosen
#define NAME_1(op) #op
#define NAME_2(op, overload) #op "." #overload
#define NAME(...) PICK(__VA_ARGS__, NAME_2, NAME_1)(__VA_ARGS__)
#define LOWER(...) m.impl(NAME(__VA_ARGS__), BOXED(run_lower));
#define FLOAT(...) m.impl(NAME(__VA_ARGS__), BOXED(run_float));
#define TO_FLOAT(...) m.impl(NAME(__VA_ARGS__), BOXED(run_to_float));
#define WIDEST(...) m.impl(NAME(__VA_ARGS__), BOXED(run_widest));

TORCH_LIBRARY_IMPL(aten, AutocastPrivateUse1, m) {
  AT_FORALL_LOWER_PRECISION_FP(LOWER)
  AT_FORALL_FP32(FLOAT)
  AT_FORALL_FP32_SET_OPT_DTYPE(TO_FLOAT)
  AT_FORALL_PROMOTE(WIDEST)
  m.impl("norm.Scalar", BOXED(run_float));
  m.impl("norm.ScalarOpt_dim", BOXED(run_float));
  m.impl("binary_cross_entropy", BOXED(refuse_cross_entropy));
}

} // namespace
} // namespace sim

namespace at::native {
REGISTER_PRIVATEUSE1_DISPATCH(_fused_sdp_choice_stub, &::sim::attention)
} // namespace at::native
