/// Moves a run of bytes from a source to a sink through a ring of remote slots: one code path for both directions of a
/// copy and for generated data.
///
/// The receiver exposes a ring of slots in native memory. The sender writes block after block with the block's number
/// as the immediate; the receiver stores each block and credits its slot back. Both ends digest the bytes in their
/// order. Imports the public API of the transport and the control messages. Threading: one thread drives a transfer,
/// one more computes the digest.
@NullMarked
package io.longhaul.cli.transfer;

import org.jspecify.annotations.NullMarked;
