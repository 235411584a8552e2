// Cells of LSTM and GRU: torch gives a device one call for each, for which the CPU has no kernel.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <tuple>

namespace sim {

using at::Tensor;
using MaybeTensor = std::optional<Tensor>;

inline Tensor plus(const Tensor& tensor, const MaybeTensor& more) {
  return more && more->defined() ? tensor + *more : tensor;
}

// What a gate's value says of the slope of what made it.
inline Tensor sigmoid_slope(const Tensor& gate) { return gate * (1 - gate); }
inline Tensor tanh_slope(const Tensor& gate) { return 1 - gate * gate; }

inline std::tuple<Tensor, Tensor, Tensor> lstm_cell(
    const Tensor& input, const Tensor& hidden, const Tensor& cx, const MaybeTensor& input_bias,
    const MaybeTensor& hidden_bias) {
  auto gates = plus(plus(input + hidden, input_bias), hidden_bias).chunk(4, 1);
  auto in = gates[0].sigmoid(), forget = gates[1].sigmoid();
  auto cell = gates[2].tanh(), out = gates[3].sigmoid();
  auto cy = forget * cx + in * cell;
  return {out * cy.tanh(), cy, at::cat({in, forget, cell, out}, 1)};
}

inline std::tuple<Tensor, Tensor, Tensor> lstm_cell_backward(
    const MaybeTensor& grad_hy, const MaybeTensor& grad_cy, const Tensor& cx, const Tensor& cy,
    const Tensor& workspace, bool has_bias) {
  auto gates = workspace.chunk(4, 1);
  auto in = gates[0], forget = gates[1], cell = gates[2], out = gates[3];
  auto squashed = cy.tanh();
  auto to_hidden = grad_hy && grad_hy->defined() ? *grad_hy : at::zeros_like(cy);
  auto to_cell = plus(to_hidden * out * tanh_slope(squashed), grad_cy);
  auto grad_gates = at::cat(
      {to_cell * cell * sigmoid_slope(in), to_cell * cx * sigmoid_slope(forget),
       to_cell * in * tanh_slope(cell), to_hidden * squashed * sigmoid_slope(out)},
      1);
  return {grad_gates, to_cell * forget, has_bias ? grad_gates.sum(0) : Tensor()};
}

inline std::tuple<Tensor, Tensor> gru_cell(
    const Tensor& input, const Tensor& hidden, const Tensor& hx, const MaybeTensor& input_bias,
    const MaybeTensor& hidden_bias) {
  auto from_input = plus(input, input_bias).chunk(3, 1);
  auto from_hidden = plus(hidden, hidden_bias).chunk(3, 1);
  auto reset = (from_input[0] + from_hidden[0]).sigmoid();
  auto keep = (from_input[1] + from_hidden[1]).sigmoid();
  auto fresh = (from_input[2] + reset * from_hidden[2]).tanh();
  return {fresh + keep * (hx - fresh), at::cat({reset, keep, fresh, hx, from_hidden[2]}, 1)};
}

inline std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor> gru_cell_backward(
    const Tensor& grad, const Tensor& workspace, bool has_bias) {
  auto parts = workspace.chunk(5, 1);
  auto reset = parts[0], keep = parts[1], fresh = parts[2], hx = parts[3], from_hidden = parts[4];
  auto to_keep = grad * (hx - fresh) * sigmoid_slope(keep);
  auto to_fresh = grad * (1 - keep) * tanh_slope(fresh);
  auto to_reset = to_fresh * from_hidden * sigmoid_slope(reset);
  auto to_input = at::cat({to_reset, to_keep, to_fresh}, 1);
  auto to_hidden = at::cat({to_reset, to_keep, to_fresh * reset}, 1);
  return {
      to_input, to_hidden, grad * keep, has_bias ? to_input.sum(0) : Tensor(),
      has_bias ? to_hidden.sum(0) : Tensor()};
}

} // namespace sim
