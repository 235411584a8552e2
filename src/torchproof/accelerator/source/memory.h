// Memory of the simulated device: addresses that the CPU cannot read.
//
// An address of the device is the host's address of the same byte, moved out of what a process can
// map (user space ends below 2^48 on x86-64 and arm64). So whatever reads device memory without
// asking the device dies of SIGSEGV, as with a GPU's. Only a kernel gets host addresses.
#pragma once

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/Storage.h>

#include <cstring>
#include <map>
#include <mutex>

namespace sim {

constexpr auto kSim = c10::DeviceType::PrivateUse1;
constexpr uintptr_t kBeyond = uintptr_t{1} << 50;
inline const c10::Device kDevice{kSim, 0};

inline void* device_address(void* host) {
  return host ? reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(host) + kBeyond) : nullptr;
}

inline bool is_device_address(const void* address) {
  return reinterpret_cast<uintptr_t>(address) >= kBeyond;
}

inline void* host_address(const void* device) {
  auto address = reinterpret_cast<uintptr_t>(device);
  return reinterpret_cast<void*>(address >= kBeyond ? address - kBeyond : address);
}

// What a new block holds until it is written, so that reading it shows.
constexpr int kUnwritten = 0xA5;

struct Memory final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    void* host = nullptr;
    if (bytes) {
      host = c10::GetCPUAllocator()->raw_allocate(bytes);
      std::memset(host, kUnwritten, bytes);
    }
    return {device_address(host), host, &release, kDevice};
  }

  static void release(void* host) {
    if (host) c10::GetCPUAllocator()->raw_deallocate(host);
  }

  void copy_data(void* to, const void* from, size_t bytes) const override {
    std::memcpy(host_address(to), host_address(from), bytes);
  }
};

inline Memory& memory() {
  static Memory only;
  return only;
}

inline c10::Storage new_storage(size_t bytes) {
  return c10::Storage(
      c10::Storage::use_byte_size_t(), bytes, memory().allocate(bytes), &memory(), /*resizable=*/true);
}

inline c10::Storage no_storage(size_t bytes) {
  return c10::Storage(
      c10::Storage::use_byte_size_t(), bytes, memory().allocate(0), &memory(), /*resizable=*/true);
}

inline void resize(c10::StorageImpl* storage, size_t bytes) {
  auto block = memory().allocate(bytes);
  const auto kept = std::min(bytes, storage->nbytes());
  if (kept) memory().copy_data(block.get(), storage->data(), kept);
  storage->set_data_ptr(std::move(block));
  storage->set_nbytes(bytes);
}

// Host memory that copies to the device could read without the CPU. It only has to be told apart.
struct PinnedMemory final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    void* host = c10::GetCPUAllocator()->raw_allocate(bytes ? bytes : 1);
    {
      std::lock_guard<std::mutex> lock(mutex());
      blocks()[host] = bytes ? bytes : 1;
    }
    return {host, host, &release, c10::Device(c10::DeviceType::CPU)};
  }

  static void release(void* host) {
    {
      std::lock_guard<std::mutex> lock(mutex());
      blocks().erase(host);
    }
    c10::GetCPUAllocator()->raw_deallocate(host);
  }

  void copy_data(void* to, const void* from, size_t bytes) const override {
    std::memcpy(to, from, bytes);
  }

  static bool holds(const void* address) {
    std::lock_guard<std::mutex> lock(mutex());
    auto next = blocks().upper_bound(const_cast<void*>(address));
    if (next == blocks().begin()) return false;
    --next;
    return static_cast<const char*>(address) < static_cast<const char*>(next->first) + next->second;
  }

 private:
  // Never destroyed: tensors outlive what is static.
  static std::map<void*, size_t>& blocks() {
    static auto* only = new std::map<void*, size_t>;
    return *only;
  }
  static std::mutex& mutex() {
    static auto* only = new std::mutex;
    return *only;
  }
};

inline PinnedMemory& pinned_memory() {
  static PinnedMemory only;
  return only;
}

} // namespace sim
