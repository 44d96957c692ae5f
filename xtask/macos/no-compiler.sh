#!/bin/sh
# Takes the place of a C compiler for macOS where there is none: every object file is empty. It is enough to check Rust code,
# which is not linked. `cargo xtask test --only macos` uses it.
written=1
for argument in "$@"; do
  # The question which compiler this is.
  if [ "$argument" = -E ]; then exec cc "$@"; fi
  if [ "$previous" = -o ]; then : > "$argument" && written=0; fi
  previous=$argument
done
# A question about an option: it has none.
exit $written
