// The kernel's GPU code, on the processor: 32 threads are a warp, that wait for each other where
// the code says so, and only there. One block of two warps at a time.
//
// Compiled with -DKERNEL=<the path of device_anneal.cu, in quotes> and the kernel's own options.

#include <barrier>
#include <thread>
#include <vector>

#define __CUDACC__
#define __device__
#define __global__
#define __shared__
#define __align__(bytes) __attribute__((aligned(bytes)))

const int WARPS = 2;
struct Index { int x; };
thread_local Index threadIdx;
Index blockIdx, blockDim = {32 * WARPS};
alignas(16) char shared[1 << 20];

struct Warp {
  std::barrier<> meeting{32};
  unsigned votes = 0;
} warps[WARPS];

static Warp &my_warp() { return warps[threadIdx.x / 32]; }
static void __syncwarp() { my_warp().meeting.arrive_and_wait(); }
static unsigned __ballot_sync(unsigned, bool vote) {
  __atomic_fetch_or(&my_warp().votes, unsigned(vote) << (threadIdx.x % 32), __ATOMIC_RELAXED);
  __syncwarp();
  const unsigned all = my_warp().votes;
  __syncwarp();
  if (threadIdx.x % 32 == 0) my_warp().votes = 0;
  __syncwarp();
  return all;
}
static int __ffs(int bits) { return __builtin_ffs(bits); }
static int __clz(int bits) { return __builtin_clz(bits); }
static int __popcll(unsigned long long bits) { return __builtin_popcountll(bits); }

#include KERNEL

extern "C" void anneal_chains_in_threads(
    const Model *m, const Chains *c, int num_chains, int state_bytes, int num_moves,
    int violation_weight) {
  for (blockIdx.x = 0; blockIdx.x * WARPS < num_chains; ++blockIdx.x) {
    std::vector<std::thread> lanes;
    for (int i = 0; i < 32 * WARPS; ++i)
      lanes.emplace_back([=] {
        threadIdx.x = i;
        anneal_chains(*m, *c, num_chains, state_bytes, num_moves, violation_weight);
      });
    for (std::thread &lane : lanes) lane.join();
  }
}
