/// A machine that runs: its kernel and its vmcoreinfo are in memory, and no core header is.
package enum RunningMachine {
  /// Its recipe.
  package static let recipe = """
    arch x86_64
    ram 0x100000-0x400000
    fill 0x110000-0x114000 random 131
    osrelease 6.1.0-test
    info SYMBOL(_stext)=ffffffff80110000
    info SYMBOL(swapper_pg_dir)=ffffffff82610000
    info SYMBOL(init_uts_ns)=ffffffff80140000
    info NUMBER(phys_base)=0
    system-name 0x140000
    vmcoreinfo 0x150000
    cpu 0 running
    header none
    moment running
    name-by nothing

    """
}
