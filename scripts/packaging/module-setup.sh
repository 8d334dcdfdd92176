#!/bin/bash
# dracut: the core collector goes into the initramfs of the second kernel, and only there.

# Called by dracut.
check() {
  [[ -x ${dracutsysrootdir-}/usr/lib/vmcoregen/vmcoregen ]] || return 1
  # 255: where another module, or the user, asks for it.
  if [[ ${hostonly-} ]] && ! dracut_module_included kdumpbase 2> /dev/null; then
    return 255
  fi
  return 0
}

# Called by dracut.
depends() {
  return 0
}

# Called by dracut.
install() {
  inst_simple /usr/lib/vmcoregen/vmcoregen /usr/bin/vmcoregen
  # shellcheck disable=SC2154  # initdir is dracut's
  ln -sfn vmcoregen "$initdir/usr/bin/vmcore-dmesg"
  mkdir -p "$initdir/usr/lib/vmcoregen"
  ln -sfn ../../bin/vmcoregen "$initdir/usr/lib/vmcoregen/makedumpfile"
  ln -sfn ../../bin/vmcoregen "$initdir/usr/lib/vmcoregen/vmcoregen"
}
