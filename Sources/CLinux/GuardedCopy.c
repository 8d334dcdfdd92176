#define _GNU_SOURCE

#include "CLinux.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

// What this thread copies from just now, and where it goes on when that faults.
struct guard {
  sigjmp_buf resume;
  uintptr_t start;
  uintptr_t end;
};

static __thread struct guard *volatile current;
static struct sigaction former_bus, former_segv;

static void on_fault(int number, siginfo_t *info, void *context) {
  (void)context;
  struct guard *guard = current;
  uintptr_t place = (uintptr_t)info->si_addr;
  if (guard && info->si_code > 0 && place >= guard->start && place < guard->end) {
    current = NULL;
    siglongjmp(guard->resume, 1);
  }
  // Somebody else's: the instruction faults again, or the signal is sent again, for who had it before.
  sigaction(number, number == SIGBUS ? &former_bus : &former_segv, NULL);
  if (info->si_code <= 0) raise(number);
}

static void install(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_fault;
  // The signal is not blocked meanwhile, since the handler is left by a jump.
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &former_bus);
  sigaction(SIGSEGV, &action, &former_segv);
}

int clinux_copy_guarded(void *to, const void *from, uint64_t count) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
  struct guard guard = {.start = (uintptr_t)from, .end = (uintptr_t)from + count};
  if (sigsetjmp(guard.resume, 0) != 0) return -1;
  current = &guard;
  // No byte is copied before, or behind: the handler looks at it in the midst of this thread.
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  memcpy(to, from, count);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  current = NULL;
  return 0;
}
