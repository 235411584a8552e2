// Random numbers of the device: a generator of its own, which draws as the CPU's does.
#pragma once

#include "memory.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Generator.h>

namespace sim {

struct Generator final : c10::GeneratorImpl {
  explicit Generator(at::Generator drawn_from = at::make_generator<at::CPUGeneratorImpl>())
      : c10::GeneratorImpl(kDevice, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1)),
        cpu(std::move(drawn_from)) {}

  static c10::DeviceType device_type() { return kSim; }
  void set_current_seed(uint64_t seed) override { cpu.set_current_seed(seed); }
  void set_offset(uint64_t) override { TORCH_CHECK(false, "the generator of sim has no offset"); }
  uint64_t get_offset() const override { TORCH_CHECK(false, "the generator of sim has no offset"); }
  uint64_t current_seed() const override { return cpu.current_seed(); }
  uint64_t seed() override { return const_cast<at::Generator&>(cpu).seed(); }
  void set_state(const c10::TensorImpl& state) override {
    cpu.unsafeGetGeneratorImpl()->set_state(state);
  }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override {
    return cpu.unsafeGetGeneratorImpl()->get_state();
  }
  Generator* clone_impl() const override { return new Generator(cpu.clone()); }

  at::Generator cpu;
};

inline const at::Generator& default_generator() {
  static auto* only = new at::Generator(at::make_generator<Generator>());
  return *only;
}

inline at::Generator host_generator(const at::Generator& given) {
  TORCH_CHECK(
      given.device().type() == kSim,
      "Expected a '", kSim, "' device type for generator but found '", given.device().type(), "'");
  return static_cast<Generator*>(given.unsafeGetGeneratorImpl())->cpu;
}

// While it lives, kernels that take no generator draw from the device's.
class DrawFromDevice {
 public:
  DrawFromDevice() : lock_(mutex()) { swap(); }
  ~DrawFromDevice() { swap(); }

 private:
  static std::mutex& mutex() {
    static auto* only = new std::mutex;
    return *only;
  }

  static void swap() {
    auto* host = at::check_generator<at::CPUGeneratorImpl>(at::detail::getDefaultCPUGenerator());
    auto own = host_generator(default_generator());
    auto* device = at::check_generator<at::CPUGeneratorImpl>(own);
    std::lock_guard<std::mutex> lock(host->mutex_);
    auto engine = host->engine();
    auto single = host->next_float_normal_sample();
    auto twice = host->next_double_normal_sample();
    host->set_engine(device->engine());
    host->set_next_float_normal_sample(device->next_float_normal_sample());
    host->set_next_double_normal_sample(device->next_double_normal_sample());
    device->set_engine(engine);
    device->set_next_float_normal_sample(single);
    device->set_next_double_normal_sample(twice);
  }

  std::lock_guard<std::mutex> lock_;
};

} // namespace sim
