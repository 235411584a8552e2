// One call of a kernel: what it takes is shown to the CPU, what it returns belongs to the device.
//
// Within a call, a storage of the device has one storage of the host over the same memory. So a
// kernel writes where it should, what it takes twice is one thing, and a view of an argument comes
// back as a view of it.
#pragma once

#include "random.h"

#include <ATen/SparseTensorImpl.h>
#include <ATen/core/Tensor.h>

#include <unordered_map>

namespace sim {

class Crossing {
 public:
  at::Tensor to_host(const at::Tensor& tensor) {
    if (!tensor.defined() || !on_device(tensor)) return tensor;
    for (const auto& [device, host] : tensors_)
      if (device.is_same(tensor)) return host;
    auto host = tensor.is_sparse() ? sparse_to_host(tensor) : dense_to_host(tensor);
    tensors_.emplace_back(tensor, host);
    return host;
  }

  at::Tensor to_device(const at::Tensor& tensor) {
    if (!tensor.defined() || on_device(tensor)) return tensor;
    for (const auto& [device, host] : tensors_)
      if (host.is_same(tensor)) return device;
    return tensor.is_sparse() ? sparse_to_device(tensor) : dense_to_device(tensor);
  }

  c10::Storage to_host(const c10::Storage& storage) {
    auto* device = storage.unsafeGetStorageImpl();
    if (storage.device_type() != kSim) return storage;
    for (const auto& pair : storages_)
      if (pair.device.unsafeGetStorageImpl() == device) return pair.host;
    void* address = host_address(device->data());
    c10::Storage host(
        c10::Storage::use_byte_size_t(), device->nbytes(),
        c10::DataPtr(address, c10::Device(c10::DeviceType::CPU)), c10::GetCPUAllocator(),
        device->resizable());
    storages_.push_back({storage, host, address});
    return host;
  }

  // Take over what the kernel has done to its arguments: other sizes, other memory.
  void settle() {
    for (auto& pair : storages_) {
      auto* host = pair.host.unsafeGetStorageImpl();
      auto* device = pair.device.unsafeGetStorageImpl();
      if (host->data() == pair.address && host->nbytes() == device->nbytes()) continue;
      auto block = memory().allocate(host->nbytes());
      if (host->nbytes()) std::memcpy(host_address(block.get()), host->data(), host->nbytes());
      device->set_data_ptr(std::move(block));
      device->set_nbytes(host->nbytes());
    }
    for (const auto& [device, host] : tensors_) {
      if (host.is_sparse()) {
        settle_sparse(device, host);
        continue;
      }
      auto* to = device.unsafeGetTensorImpl();
      auto storage = to_device(host.storage());
      if (!storage.is_alias_of(device.storage())) to->set_storage_keep_dtype(storage);
      if (host.sizes() != device.sizes() || host.strides() != device.strides() ||
          host.storage_offset() != device.storage_offset())
        to->set_sizes_and_strides(host.sizes(), host.strides(), host.storage_offset());
    }
  }

 private:
  struct Pair {
    c10::Storage device, host;
    void* address;
  };

  static at::SparseTensorImpl* sparse_impl(const at::Tensor& tensor) {
    return static_cast<at::SparseTensorImpl*>(tensor.unsafeGetTensorImpl());
  }

  static bool on_device(const at::Tensor& tensor) { return tensor.device().type() == kSim; }

  c10::Storage to_device(const c10::Storage& host) {
    for (const auto& pair : storages_)
      if (pair.host.unsafeGetStorageImpl() == host.unsafeGetStorageImpl()) return pair.device;
    // A tensor of zeros can be told by its key alone; it has a size, and no memory.
    auto device = host.data() ? new_storage(host.nbytes()) : no_storage(host.nbytes());
    if (host.data()) std::memcpy(host_address(device.data()), host.data(), host.nbytes());
    storages_.push_back({device, host, const_cast<void*>(host.data())});
    return device;
  }

  using Backend = c10::BackendComponent;

  // All keys of a tensor but its device's stay: whether it is a conjugate, or made for inference.
  static at::Tensor over(
      const c10::Storage& storage, const at::Tensor& like, Backend before, Backend after) {
    auto keys = like.key_set().remove_backend(before) | c10::DispatchKeySet(after);
    auto tensor = at::detail::make_tensor<c10::TensorImpl>(
        c10::TensorImpl::VIEW, c10::Storage(storage), keys, like.dtype());
    auto* made = tensor.unsafeGetTensorImpl();
    made->set_sizes_and_strides(like.sizes(), like.strides(), like.storage_offset());
    if (like.unsafeGetTensorImpl()->is_wrapped_number()) made->set_wrapped_number(true);
    return tensor;
  }

  at::Tensor dense_to_host(const at::Tensor& tensor) {
    return over(to_host(tensor.storage()), tensor, Backend::PrivateUse1Bit, Backend::CPUBit);
  }

  at::Tensor dense_to_device(const at::Tensor& tensor) {
    return over(to_device(tensor.storage()), tensor, Backend::CPUBit, Backend::PrivateUse1Bit);
  }

  static at::Tensor sparse(
      const at::Tensor& like, const at::Tensor& indices, const at::Tensor& values,
      c10::DispatchKey key) {
    auto tensor = at::detail::make_tensor<at::SparseTensorImpl>(
        c10::DispatchKeySet(key), like.dtype());
    take_over(sparse_impl(tensor), sparse_impl(like), indices, values);
    return tensor;
  }

  at::Tensor sparse_to_host(const at::Tensor& tensor) {
    auto* from = sparse_impl(tensor);
    return sparse(
        tensor, to_host(from->indices()), to_host(from->values()), c10::DispatchKey::SparseCPU);
  }

  at::Tensor sparse_to_device(const at::Tensor& tensor) {
    auto* from = sparse_impl(tensor);
    return sparse(
        tensor, to_device(from->indices()), to_device(from->values()),
        c10::DispatchKey::SparsePrivateUse1);
  }

  void settle_sparse(const at::Tensor& device, const at::Tensor& host) {
    auto* from = sparse_impl(host);
    auto* to = sparse_impl(device);
    auto indices = to_device(from->indices()), values = to_device(from->values());
    if (!indices.is_same(to->indices()) || !values.is_same(to->values()) ||
        from->coalesced() != to->coalesced() || host.sizes() != device.sizes())
      take_over(to, from, indices, values);
  }

  static void take_over(
      at::SparseTensorImpl* to, at::SparseTensorImpl* from, const at::Tensor& indices,
      const at::Tensor& values) {
    to->raw_resize_(from->sparse_dim(), from->dense_dim(), from->sizes());
    to->set_indices_and_values_unsafe(indices, values);
    to->set_coalesced(from->coalesced());
  }

  std::vector<std::pair<at::Tensor, at::Tensor>> tensors_;
  std::vector<Pair> storages_;
};

} // namespace sim
