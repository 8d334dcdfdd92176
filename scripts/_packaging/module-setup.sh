#!/bin/bash
# dracut: in the initramfs of a second kernel, vmcoregen stands for makedumpfile and vmcore-dmesg.
# The number of this module is lower than that of the modules kdumpbase (Fedora, RHEL) and kdump
# (SUSE): what they would install is there already, so that neither it nor its libraries come along.
# vmcoregen-kdump(8) says how it is left out.

program=/usr/lib/vmcoregen-kdump/vmcoregen

# Called by dracut.
check() {
  [[ -x ${dracutsysrootdir-}$program ]] || return 1
  # The lists are dracut's: what its command line and its configuration ask for.
  # shellcheck disable=SC2154
  case " $dracutmodules $add_dracutmodules $force_add_dracutmodules " in
    *" kdumpbase "* | *" kdump "*) return 0 ;;
  esac
  # Any other initramfs has it where it is asked for by name.
  return 255
}

# Called by dracut.
depends() {
  return 0
}

# Called by dracut.
install() {
  inst_simple "$program"
  # kdump.conf may name the links: core_collector /usr/lib/vmcoregen-kdump/bin/makedumpfile
  # shellcheck disable=SC2154
  mkdir -p "$initdir${program%/*}/bin" "$initdir/usr/bin" "$initdir/usr/sbin"
  local folder name
  for name in makedumpfile vmcore-dmesg; do
    ln -sfn ../vmcoregen "$initdir${program%/*}/bin/$name"
    for folder in /usr/bin /usr/sbin; do
      ln -sfn "$program" "$initdir$folder/$name"
    done
  done
  ln -sfn "$program" "$initdir/usr/bin/vmcoregen"
}
