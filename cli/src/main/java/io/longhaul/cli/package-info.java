/// The `longhaul` command: one class per command.
@NullMarked
package io.longhaul.cli;

import org.jspecify.annotations.NullMarked;
