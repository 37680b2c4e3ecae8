/// The `longhaul` command: one class per command.
///
/// Owns options, messages and exit statuses. Results go to standard output, everything else to standard error. Imports
/// everything below and the public API of the transport.
@NullMarked
package io.longhaul.cli;

import org.jspecify.annotations.NullMarked;
