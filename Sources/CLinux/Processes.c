#define _GNU_SOURCE

#include "CLinux.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

int clinux_queue_signals(const int32_t *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int index = 0; index < count; index++) sigaddset(&set, signals[index]);
  if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int clinux_next_signal(int descriptor, int *by_kernel) {
  struct signalfd_siginfo information;
  if (read(descriptor, &information, sizeof information) != sizeof information) return 0;
  *by_kernel = information.ssi_code > 0;
  return (int)information.ssi_signo;
}

int clinux_exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

int clinux_ending_signal(int status) { return WTERMSIG(status); }

/// The environment with one more entry in front, to be freed; or NULL.
static char **extended_environment(const char *entry) {
  size_t count = 0;
  while (environ[count] != NULL) count++;
  char **result = calloc(count + 2, sizeof *result);
  if (result == NULL) return NULL;
  result[0] = (char *)entry;
  memcpy(result + 1, environ, count * sizeof *result);
  return result;
}

static int add_actions(posix_spawn_file_actions_t *actions,
                       const struct clinux_spawn_options *options) {
  int error = 0;
  for (int number = 0; number < 3 && error == 0; number++) {
    if (options->standard[number] >= 0) {
      error = posix_spawn_file_actions_adddup2(actions, options->standard[number], number);
    }
  }
  // Duplicated onto itself, a descriptor loses its close-on-exec flag.
  if (error == 0 && options->kept >= 0) {
    error = posix_spawn_file_actions_adddup2(actions, options->kept, options->kept);
  }
  return error;
}

static int set_attributes(posix_spawnattr_t *attributes,
                          const struct clinux_spawn_options *options) {
  sigset_t blocked, usual;
  sigemptyset(&blocked);
  sigemptyset(&usual);
  // Those that are ignored here so that a write fails instead.
  sigaddset(&usual, SIGPIPE);
  sigaddset(&usual, SIGXFSZ);
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (options->has_session) flags |= POSIX_SPAWN_SETSID;
  int error = posix_spawnattr_setflags(attributes, (short)flags);
  if (error == 0) error = posix_spawnattr_setsigmask(attributes, &blocked);
  if (error == 0) error = posix_spawnattr_setsigdefault(attributes, &usual);
  return error;
}

int clinux_spawn(int32_t *process, char *const arguments[],
                 const struct clinux_spawn_options *options) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error != 0) return error;
  error = posix_spawnattr_init(&attributes);
  if (error == 0) {
    char **environment =
        options->environment == NULL ? environ : extended_environment(options->environment);
    error = environment == NULL ? ENOMEM : add_actions(&actions, options);
    if (error == 0) error = set_attributes(&attributes, options);
    if (error == 0) {
      error = posix_spawnp(process, arguments[0], &actions, &attributes, arguments, environment);
    }
    if (environment != environ) free(environment);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return error;
}
