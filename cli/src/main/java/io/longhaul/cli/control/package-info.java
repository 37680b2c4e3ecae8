/// The messages with which two `longhaul` processes agree on what to move: their format, their codec, and the inbox
/// that queues what a connection delivers.
///
/// Owns the control format (docs: {@link io.longhaul.cli.control.ControlCodec}). Imports the public API of the
/// transport. Threading: messages are immutable; the inbox is filled by the connection's agent and emptied by one
/// thread.
@NullMarked
package io.longhaul.cli.control;

import org.jspecify.annotations.NullMarked;
