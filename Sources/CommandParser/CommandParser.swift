// What takes the command line apart: swift-argument-parser, with a help page and completions; or,
// where its trait is switched off, the part of it that a second kernel needs.

#if ArgumentParser
@_exported public import ArgumentParser
#else
@_exported public import SmallParser
#endif
